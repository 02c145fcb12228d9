/** The grid of a benchmark: methods at shares of the visual tokens, beside what they have to beat. */
import { createHash } from 'node:crypto'
import { FoveaError } from '../../errors.ts'
import { dense } from '../../pipeline/method/compose.ts'
import type { Ids } from '../../pipeline/method/ids.ts'
import type { Method } from '../../pipeline/method/method.ts'
import { buildMethod, parseEntry, parseMethod } from '../methods.ts'
import type { Paper } from '../paper.ts'
import { random } from '../reducer/random.ts'
import { resize } from '../reducer/resize.ts'
import { hasBudget } from '../reports/budgets.ts'

/** One subset may be lucky. */
export const SUBSETS = 3

/** A reducer that is in no catalogue. */
export interface OwnReducer {
  readonly label: string
  /** The method that leaves this share of the visual tokens. */
  at(keep: number): Method
}

/** A method at one share, or one whose options say how much stays. */
export interface GridArm {
  /** As it was asked for: `fastv`, `fastv:layer=3`, `visionzip+fastv`. */
  readonly label: string
  readonly keep?: number
  readonly methods: readonly Method[]
}

export interface Grid {
  readonly dense: GridArm
  /** Of each share: random subsets, and a smaller picture. */
  readonly baselines: readonly GridArm[]
  readonly own: readonly GridArm[]
}

/**
 * @param labels methods in the text form of `--method`; one that has an option `keep` and does not state it is run at each share
 * @param ids whether tokens that stay keep their positions, for all that leave the choice and do not state it; as each has it by
 *   default when absent
 * @param reducers of one's own, each at every share
 * @throws FoveaError kind `usage`: `keep_invalid`, `unknown_method`, `unknown_option`, `invalid_option`, `arm_twice`
 */
export function gridOf(
  labels: readonly string[],
  keeps: readonly number[],
  ids?: Ids,
  reducers: readonly OwnReducer[] = [],
): Grid {
  for (const keep of keeps)
    if (!(keep > 0 && keep <= 1))
      throw new FoveaError(
        'keep_invalid',
        'usage',
        `a share of the tokens must lie above 0 and at most be 1, got ${keep}`,
      )
  const shares = [...new Set(keeps)].sort((a, b) => b - a)
  const names = [...labels, ...reducers.map(({ label }) => label), ...(reducers.length > 0 ? BASELINES : [])]
  const twice = names.find((label, at) => names.indexOf(label) < at)
  if (twice !== undefined) throw new FoveaError('arm_twice', 'usage', `${twice} was given twice; name each method once`)
  return {
    dense: { label: 'dense', methods: [dense] },
    baselines: shares.flatMap((keep) => [
      randomAt(keep, ids),
      { label: 'resize', keep, methods: [buildMethod(resize, { keep })] },
    ]),
    own: [
      ...labels.filter((label) => !isBaseline({ label })).flatMap((label) => armsOf(label, shares, ids)),
      ...reducers.flatMap((reducer) => shares.map((keep) => ownArm(reducer, keep))),
    ],
  }
}

const BASELINES: readonly string[] = ['dense', random.id, resize.id]

/** What is in every grid. */
export const isBaseline = ({ label }: Pick<GridArm, 'label'>): boolean => BASELINES.includes(label)

const randomAt = (keep: number, ids?: Ids): GridArm => ({
  label: random.id,
  keep,
  methods: Array.from({ length: SUBSETS }, (_, seed) => buildMethod(random, { keep, seed, ...policy(random, ids) })),
})

function armsOf(label: string, shares: readonly number[], ids?: Ids): GridArm[] {
  const isJoined = label.includes('+')
  const { entry, given } = isJoined ? { entry: undefined, given: {} } : parseEntry(label)
  if (!entry || !hasBudget(entry) || 'keep' in given) return [{ label, methods: [parseMethod(label)] }]
  return shares.map((keep) => ({
    label,
    keep,
    methods: [buildMethod(entry, { ...policy(entry, ids), ...given, keep })],
  }))
}

/** Answers are kept under the name of a method, so that of one's own says what it is made of: an edit is asked anew. */
function ownArm({ label, at }: OwnReducer, keep: number): GridArm {
  const { name, ...places } = at(keep)
  const source = createHash('sha256').update(String(at)).digest('hex').slice(0, 8)
  return { label, keep, methods: [{ ...places, name: `${label}:keep=${keep} (${name}, ${source})` }] }
}

/** Reducers of pictures that take a share and need no weights of their own. */
export async function everyReducer(): Promise<string[]> {
  const [{ papers }, { choosesTokens }] = await Promise.all([import('../registry.ts'), import('../reports/budgets.ts')])
  return papers
    .filter((entry) => choosesTokens(entry) && hasBudget(entry) && !entry.recipe && entry.role !== 'baseline')
    .map(({ id }) => id)
}

const policy = ({ options }: Paper, ids?: Ids) => (ids && options && 'ids' in options.shape ? { ids } : {})

/** `fastv at 25 %`. */
export const armName = ({ label, keep }: Pick<GridArm, 'label' | 'keep'>): string =>
  keep === undefined ? label : `${label} at ${Number((100 * keep).toFixed(2))} %`
