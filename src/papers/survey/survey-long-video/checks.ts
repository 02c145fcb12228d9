/** The calculator against the survey's own table. */
import { Rng } from '../../../world/rng.ts'
import type { Lab } from '../../reports/lab.ts'
import type { Exact } from '../../reports/row.ts'
import { cacheBytes, hitProbability, memoryBank, mostFrames, templates } from './budget.ts'

const { concat, pooled, slowFast, segments } = templates

/** Tokens that systems of the survey state, and what the templates give for their frames. */
export const TOKENS: readonly (readonly [system: string, stated: number, found: number])[] = [
  ['Video-LLaVA', 2048, concat(8, 256)],
  ['LLaVA-Interleave', 11664, concat(16, 729)],
  ['IXC-2.5', 25600, concat(64, 400)],
  ['MiniGPT4-Video', 5760, concat(90, 64)],
  ['LLaVA-NeXT-Video', 4608, concat(32, 144)],
  ['LongVA', 55296, concat(384, 144)],
  ['Vista-LLaMA', 512, concat(16, 32)],
  ['PLLaVA', 2304, concat(16, 12 * 12)],
  ['Video-ChatGPT', 356, pooled(100, 256)],
  ['RED-VILLM', 1124, pooled(100, 1024)],
  ['VideoLLaMA 2', 576, concat(8 / 2, 144)],
  ['SlowFast-LLaVA', 3680, slowFast(10, 12 * 24, 50, 4 * 4)],
  ['LongVLM', 305, segments(10, 30, 5)],
  ['NVILA', 8192, concat(256 / 8, 256)],
]

const DRAWS = 20_000

export function* checks({ seed }: Pick<Lab, 'seed'>): Generator<Exact> {
  const wrong = TOKENS.filter(([, stated, found]) => stated !== found)
  yield { name: 'systems whose tokens the templates do not give', value: wrong.length, count: TOKENS.length }
  const shape = { layers: 28, width: 3584, keyHeads: 4, headWidth: 128, neurons: 18944 }
  yield {
    name: 'cache of 8,192 slots of a 7B model: off 469,762,048 bytes',
    value: cacheBytes(shape, 8192) - 469_762_048,
  }
  yield {
    name: 'frames of 256 tokens in 32,768 beside 768 of text: off 125',
    value: mostFrames(32_768, 256, 768) - 125,
  }
  yield* missRow(seed)
  yield* memoryRows(seed)
}

/** Frames stand evenly; an event of 5 seconds falls anywhere in an hour. */
function* missRow(seed: number): Generator<Exact> {
  const [event, frames, duration] = [5, 64, 3600]
  const rng = Rng.from(seed, 'events')
  const apart = duration / frames
  let hits = 0
  for (let draw = 0; draw < DRAWS; draw++) {
    const into = rng.float(0, duration) % apart
    if (into + event >= apart) hits++
  }
  const off = Math.abs(hits / DRAWS - hitProbability(event, frames, duration))
  yield { name: 'events that hold a frame, drawn: off the formula', value: off < 0.01 ? 0 : off, count: DRAWS }
}

function* memoryRows(seed: number): Generator<Exact> {
  const rng = Rng.from(seed, 'memory')
  const frames = Array.from({ length: 24 }, () => Array.from({ length: 4 }, () => rng.normal()))
  const whole = memoryBank(frames, 24)
  const changed = whole.filter(({ state, count }, at) => count !== 1 || state !== frames[at]).length
  yield { name: 'frames that a bank of their number changes', value: changed, count: frames.length }
  const bank = memoryBank(frames, 5)
  yield { name: 'frames left of 24 in a bank of 5: off 5', value: bank.length - 5 }
  const meanAt = (i: number) => bank.reduce((sum, { state, count }) => sum + count * state[i], 0) / frames.length
  const off = Math.max(...frames[0].map((_, i) => Math.abs(meanAt(i) - frames.reduce((sum, x) => sum + x[i], 0) / 24)))
  yield { name: 'the mean of all frames after weighted merges: off', value: off < 1e-12 ? 0 : off }
}
