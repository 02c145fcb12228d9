/** Whether dropping tokens or bits is the better buy, what both together cost, and what a second turn loses. */
import type { Difference } from '../../../evaluation/paired.ts'
import type { Answer } from '../../../evaluation/world.ts'
import { dense } from '../../../pipeline/method/compose.ts'
import type { Method } from '../../../pipeline/method/method.ts'
import { TASK_IDS } from '../../../world/index.ts'
import { apart, pointsRow, shareOf, shareRow, unmeasured } from '../../reports/figures.ts'
import type { Lab } from '../../reports/lab.ts'
import type { Row } from '../../reports/row.ts'
import { better } from '../../reports/verdict.ts'
import { BITS, planOf, REDUCERS, type Reducer, reduced } from './arms.ts'
import { bitOperations, FULL_BITS } from './budgets.ts'
import { withCopy } from './copies.ts'
import { talked } from './dialogues.ts'
import { type Entry, turnScore } from './multi-turn.ts'

/** The combination may lose so much beyond the sum of both losses. */
const EXTRA = 0.05
/** Questions that it takes to say so. */
const LEAST_PAIRS = 100
const OWED = {
  'methods over frames': 'fovea-mini takes no videos; docs/reducers.md has the reducers of pictures',
  'prefill, decoding and memory in milliseconds and MB': 'fovea bench reduce times methods, fovea inspect prices bits',
}

/** Answers by what was done to bits and tokens. */
type Found = Map<string, readonly Answer[]>
const WIDE = 'wide'
const keyOf = (scheme: string, arm: string): string => `${scheme} ${arm}`

export async function* effect(lab: Lab): AsyncGenerator<Row> {
  const { schemes, keeps } = planOf(lab)
  const arms = [
    { name: 'all tokens', method: dense },
    ...REDUCERS.flatMap((reducer) =>
      keeps.map((keep) => ({ name: armName(reducer, keep), method: reduced(reducer, keep) })),
    ),
  ]
  const found: Found = new Map()
  lab.expect((1 + schemes.length) * arms.length, TASK_IDS)
  await answered(lab, found, WIDE, arms)
  for (const scheme of schemes)
    await withCopy(lab, scheme, BITS, async (model) => answered(lab, found, scheme, arms, model))
  for (const scheme of [WIDE, ...schemes]) for (const { name } of arms) yield gridRow(lab, found, scheme, name)
  for (const scheme of schemes) for (const reducer of REDUCERS) yield* boughtRows(lab, found, scheme, reducer)
  yield* turnRows(lab)
  for (const [name, reason] of Object.entries(OWED)) yield unmeasured(name, reason)
}

const armName = ({ id }: Reducer, keep: number): string => `${id} at ${Number((100 * keep).toFixed(1))} %`

async function answered(
  lab: Lab,
  found: Found,
  scheme: string,
  arms: readonly { readonly name: string; readonly method: Method }[],
  model?: Awaited<ReturnType<Lab['model']>>,
): Promise<void> {
  const asked = arms.map(({ method }) => ({
    method,
    ...(model && { model, name: `${scheme} ${BITS}, ${method.name}` }),
  }))
  const answers = await lab.evaluate(asked, TASK_IDS)
  for (const [at, { name }] of arms.entries()) found.set(keyOf(scheme, name), answers[at])
}

/** A cell of the table: accuracy, and what it costs in FLOPs and in operations on bits. */
function gridRow(lab: Lab, found: Found, scheme: string, arm: string): Row {
  const [own, whole] = [found.get(keyOf(scheme, arm))!, found.get(keyOf(WIDE, 'all tokens'))!]
  const flops = prefill(own) / prefill(whole)
  const bits = scheme === WIDE ? FULL_BITS : BITS
  const module = REDUCERS.find(({ id }) => arm.startsWith(id))?.module
  const cost = `FLOPs of prefill x ${flops.toFixed(3)}, bit-operations x ${bitOperations(flops, bits).toFixed(3)}`
  return {
    ...shareOf(lab, `${scheme === WIDE ? '16 bits' : `4 bits by ${scheme}`}, ${arm}`, [own], {
      name: 'dense',
      of: [whole],
    }),
    note: module ? `${cost}; dropped ${module}` : cost,
  }
}

const prefill = (answers: readonly Answer[]): number => answers.reduce((sum, { flops }) => sum + flops.prefill, 0)

/** At about the same number of bit-operations, and together against the sum of both. */
function* boughtRows(lab: Lab, found: Found, scheme: string, reducer: Reducer): Generator<Row> {
  const at = (bits: string, keep?: number) =>
    found.get(keyOf(bits, keep === undefined ? 'all tokens' : armName(reducer, keep)))!
  const bits = `4 bits by ${scheme}`
  yield pointsRow(`${bits} above ${armName(reducer, 0.25)} of the tokens, about a quarter of the bit-operations`, lab.compare(at(scheme), [at(WIDE, 0.25)])) // biome-ignore format: one row
  const joint = lab.compare(at(scheme, 0.5), [at(WIDE, 0.125)])
  const name = `${bits} with ${armName(reducer, 0.5)} above ${armName(reducer, 0.125)} in 16 bits, about an eighth`
  yield { ...pointsRow(name, joint), ...better(joint, 'fewer tokens alone') }
  const half = lab.compareMeans([at(scheme, 0.25), at(WIDE)], [at(scheme), at(WIDE, 0.25)])
  const beyond = { ...half, mean: 2 * half.mean, low: 2 * half.low, high: 2 * half.high }
  yield {
    ...pointsRow(`${bits} with ${armName(reducer, 0.25)}: gain beyond the sum of both`, beyond),
    ...small(beyond),
  }
}

/** The claim: the loss of both is close to the sum of the two. */
function small({ low, high, pairs }: Difference): Pick<Row, 'holds' | 'reason'> {
  if (pairs < LEAST_PAIRS) return { holds: 'undecided', reason: `${pairs} questions are too few; ask more (--n)` }
  if (low > -EXTRA) return { holds: true }
  if (high < -EXTRA) return { holds: false, reason: 'together they lose over 5 points more than one by one' }
  return { holds: 'undecided', reason: 'the interval holds a loss of 5 points; ask more questions (--n)' }
}

const TURN_KEEP = 0.125
/** Images with two questions, for each image of a task. */
const TALKS = 6

/** What was answered at first, asked again where the tokens were chosen for another question. */
async function* turnRows(lab: Lab): AsyncGenerator<Row> {
  const arms = [
    { name: 'all tokens', method: dense, isGuided: undefined },
    ...REDUCERS.map((reducer) => ({
      ...reducer,
      name: armName(reducer, TURN_KEEP),
      method: reduced(reducer, TURN_KEEP),
    })),
  ]
  const known = new Map<string, readonly Entry[]>()
  for (const { name, method } of arms) {
    const entries = await talked(lab, method, TALKS * lab.n)
    known.set(name, entries.map(({ strict }) => strict)) // biome-ignore format: one step
    const { first, both } = turnScore(known.get(name)!)
    const loose = turnScore(entries.map(({ somewhere }) => somewhere))
    const note = `${first} of ${entries.length} first turns are right; by the toolkit's rule ${loose.both} of ${loose.first}`
    yield { ...shareRow(`two turns: kept of what the first turn knew, ${name}`, both, first), note }
  }
  yield turnClaim(arms, known)
}

/** Finding 2: what was chosen for one question is missing for the next. */
function turnClaim(
  arms: readonly { name: string; isGuided?: boolean }[],
  known: ReadonlyMap<string, readonly Entry[]>,
): Row {
  const share = (isGuided: boolean) => {
    const own = arms.filter((arm) => arm.isGuided === isGuided).map(({ name }) => turnScore(known.get(name)!))
    const [first, both] = [
      own.reduce((sum, each) => sum + each.first, 0),
      own.reduce((sum, each) => sum + each.both, 0),
    ]
    const { value, interval } = shareRow('', both, first)
    return { mean: value / 100, low: interval![0] / 100, high: interval![1] / 100, pairs: first }
  }
  const [free, guided] = [share(false), share(true)]
  const difference = { ...apart(free, guided), pairs: Math.min(free.pairs, guided.pairs) }
  const name = 'two turns: what is chosen without the question keeps more of the first turn than what is chosen by it'
  return { ...pointsRow(name, difference), ...better(difference, 'what is chosen by the question') }
}
