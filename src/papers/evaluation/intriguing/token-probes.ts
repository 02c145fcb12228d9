/** Probes inside a model: the order of visual tokens, single groups of them, and noise on what a layer is given. */
import type { Method, SeeSide } from '../../../pipeline/method/method.ts'
import { markRows, remainders } from '../../../pipeline/method/rows.ts'
import { keepTokens, type VisualTokens } from '../../../pipeline/method/visual-tokens.ts'
import { abs, add, cast, constant, expand, fixedDim, gather, mul, reshape, type Tensor } from '../../../tensor/index.ts'
import { Rng } from '../../../world/rng.ts'

const BY = 'intriguing'

/** Behind the connector, before views are packed: newlines of tiles stay where they are. */
const choosing = (name: string, choose: (count: number) => readonly number[]): Method => ({
  name,
  see: { connector: ((tokens, next) => chosen(next(tokens), choose)) satisfies SeeSide['connector'] },
})

function chosen(tokens: VisualTokens, choose: (count: number) => readonly number[]): VisualTokens {
  const order = choose(fixedDim(BY, tokens.states, 1))
  const indices = constant(order, [1, order.length], 'i64')
  return keepTokens(tokens, expand(indices, [tokens.states.shape[0], order.length]), BY)
}

const range = (count: number): number[] => Array.from({ length: count }, (_, i) => i)

/** The contents of the image's slots in another order; each token still knows where it was when it was encoded. */
export const permuted = (seed: number): Method =>
  choosing(`${BY}-permuted:seed=${seed}`, (count) => Rng.from(seed, BY, 'order').shuffle(range(count)))

/** The same in the order that it has. */
export const unpermuted: Method = choosing(`${BY}-unpermuted`, range)

/** Tokens of one of side x side rectangular groups of a square grid; groups are counted row by row. */
export function groupOf(count: number, group: number, side: number): number[] {
  const grid = Math.round(Math.sqrt(count))
  const at = (place: number) => Math.min(side - 1, Math.floor((place * side) / grid))
  return range(count).filter((i) => at(Math.floor(i / grid)) * side + at(i % grid) === group)
}

/** Only the tokens of one group: what a single region knows. Positions close up. */
export const onlyGroup = (group: number, side: number): Method =>
  choosing(`${BY}-group:group=${group},side=${side}`, (count) => groupOf(count, group, side))

/** `PIL_m = (s - s_m) / s`, min-max scaled to a heat map; 0 where all groups lose alike. */
export function informationLoss(score: number, groups: readonly number[]): { loss: number[]; map: number[] } {
  if (score === 0) throw new RangeError('of a model that is never right no share can be lost')
  const loss = groups.map((own) => (score - own) / score)
  const [low, high] = [Math.min(...loss), Math.max(...loss)]
  return { loss, map: loss.map((value) => (high > low ? (value - low) / (high - low) : 0)) }
}

export interface Noise {
  readonly layer: number
  readonly at: 'visual' | 'text' | 'all'
  readonly seed: number
  /** `literal`: around |x|, as the paper writes its set; `centred`: around 0. */
  readonly form: 'literal' | 'centred'
  /** How wide `eps` is drawn; 0 adds nothing in the centred form. */
  readonly width?: number
}

/** Rows of drawn numbers; slots beyond them begin again. */
const ROWS = 251

/**
 * `x + z` at the input of a layer, `z` between `|x| - |eps|` and `|x| + |eps|`, or between `-|eps|` and `|eps|`, coordinate by
 * coordinate, eps from U(-width, width).
 */
export const noisy = ({ layer, at: where, seed, form, width = 1 }: Noise): Method => ({
  name: `${BY}-noise:layer=${layer},at=${where},seed=${seed},form=${form},width=${width}`,
  read: {
    layer: {
      [layer]: (seq, next) => {
        const x = seq.states
        const drawn = gather(drawnRows(seed, fixedDim(BY, x, 2), width), remainders(x.shape[1], ROWS))
        const z = form === 'literal' ? add(abs(x), drawn) : drawn
        return next({ ...seq, states: add(x, mul(z, slotsOf(x, where, seq))) })
      },
    },
  },
})

function drawnRows(seed: number, width: number, scale: number): Tensor {
  const rng = Rng.from(seed, BY, 'noise')
  const data = Float32Array.from({ length: ROWS * width }, () => rng.float(-1, 1) * Math.abs(rng.float(-scale, scale)))
  return constant(data, [ROWS, width])
}

/** 1 at the slots that get noise: [b, s, 1], or one number for all. */
function slotsOf(x: Tensor, where: Noise['at'], { visual, text }: { visual: Tensor; text: Tensor }): Tensor | number {
  if (where === 'all') return 1
  const marked = cast(markRows(x.shape[1], where === 'visual' ? visual : text), 'f32')
  return reshape(marked, [...marked.shape, 1])
}

/** `I = (f(x) - max_z f(x + z)) / f(x) * 100`: a lower bound, since the least harmful noise counts. */
export function importance(score: number, under: readonly number[]): number {
  if (score === 0) throw new RangeError('of a model that is never right nothing is important')
  return (100 * (score - Math.max(...under))) / score
}
