/** What a method that chooses tokens saves: counted on the graphs that ran, and timed in turns with the dense model. */
import { pairedDifference } from '../../evaluation/paired.ts'
import { worldItem } from '../../evaluation/world.ts'
import type { RgbImage } from '../../media/image.ts'
import { dense } from '../../pipeline/method/compose.ts'
import type { Method } from '../../pipeline/method/method.ts'
import type { Model } from '../../pipeline/model.ts'
import type { Reply } from '../../pipeline/talk/reply.ts'
import { TASK_IDS } from '../../world/index.ts'
import { buildMethod } from '../methods.ts'
import type { Paper } from '../paper.ts'
import { type Lab, SPLIT } from './lab.ts'
import type { Row } from './row.ts'
import { less } from './verdict.ts'

/** The account of one question: dense, and with the method. */
type Round = readonly [dense: Reply, reduced: Reply]

/** Rounds that are not counted: programs are compiled in the first. */
const WARM_UP = 2
const ROUNDS = 24
/** Tokens of an answer; it goes on where the model would end it. */
const TOKENS = 16

export async function* headlineRows(entry: Paper, lab: Lab): AsyncGenerator<Row> {
  const method = buildMethod(entry, {})
  const model = await lab.model()
  const rounds: Round[] = []
  const total = WARM_UP + (lab.quick ? 4 : ROUNDS)
  for (let index = 0; index < total; index++) {
    const round = await takeRound(lab, model, method, index)
    if (index >= WARM_UP) rounds.push(round)
    lab.progress(index + 1, total, `dense and ${method.name} in turns`)
  }
  yield flopsRow('FLOPs of vision and prefill', rounds, ({ flops }) => flops.vision + flops.prefill)
  yield flopsRow('FLOPs of the prefill', rounds, ({ flops }) => flops.prefill)
  yield timeRow(lab, 'time to the first token', rounds, ({ milliseconds }) => milliseconds.ttft, true)
  yield timeRow(lab, 'time of the vision encoder', rounds, ({ milliseconds }) => milliseconds.vision)
  yield timeRow(lab, 'time of the prefill', rounds, ({ milliseconds }) => milliseconds.prefill)
  yield timeRow(
    lab,
    'time per token of the answer',
    rounds,
    ({ milliseconds, tokens }) => milliseconds.decode / (tokens.generated - 1),
  )
}

/** Both are asked about the same image; which goes first changes from round to round. */
async function takeRound({ seed, signal }: Lab, model: Model, method: Method, index: number): Promise<Round> {
  const { image, turns } = await worldItem(
    { set: 'world', split: SPLIT, seed },
    TASK_IDS[index % TASK_IDS.length],
    index,
  )
  const ask = async (chosen: Method, mark: number) => {
    signal.throwIfAborted()
    const images = [marked(image, mark)]
    return model.generate({ prompt: turns[0].question, images, method: chosen, maxTokens: TOKENS, ignoreEos: true })
  }
  if (index % 2) {
    const reduced = await ask(method, 1)
    return [await ask(dense, 2), reduced]
  }
  const whole = await ask(dense, 2)
  return [whole, await ask(method, 1)]
}

/** A copy whose first value is another one, so that nothing of it is in the cache of encoded images. */
function marked(image: RgbImage, mark: number): RgbImage {
  const data = image.data.slice()
  data[0] = (data[0] + mark) % 256
  return { ...image, data }
}

function flopsRow(name: string, rounds: readonly Round[], count: (reply: Reply) => number): Row {
  const [whole, reduced] = [0, 1].map((side) => rounds.reduce((sum, round) => sum + count(round[side]), 0))
  const ratio = reduced / whole
  const baseline = { name: 'dense', value: whole / rounds.length / 1e9, unit: 'GFLOP' }
  const row = { part: 'headline', name, value: ratio, unit: 'x', baseline, count: rounds.length } as const
  return { ...row, shapes: 'embedded', ...less(ratio, 'the count of FLOPs') }
}

/** The geometric mean of the rounds' ratios, with the interval over rounds. */
function timeRow(
  { seed }: Lab,
  name: string,
  rounds: readonly Round[],
  time: (reply: Reply) => number,
  isClaim = false,
): Row {
  const pairs = rounds.map(([whole, reduced], cluster) => {
    return { stratum: 'rounds', cluster, first: Math.log(time(reduced)), second: Math.log(time(whole)) }
  })
  const { mean, low, high } = pairedDifference(pairs, { seed })
  const interval = [Math.exp(low), Math.exp(high)] as const
  const baseline = { name: 'dense', value: median(rounds.map(([whole]) => time(whole))), unit: 'ms' }
  const row = { part: 'headline', name, value: Math.exp(mean), unit: 'x', interval, baseline } as const
  const claim = isClaim ? less(Math.exp(mean), 'the time to the first token', interval) : {}
  return { ...row, count: rounds.length, shapes: 'embedded', timed: true, ...claim }
}

const median = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[values.length >> 1]
