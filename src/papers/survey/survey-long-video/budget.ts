/** What a long video costs, in closed form: tokens, memory, FLOPs and what is missed between frames. */

export interface Shape {
  readonly layers: number
  /** Width, width of all keys together, and of the gated feed-forward layer. */
  readonly width: number
  readonly keyHeads: number
  readonly headWidth: number
  readonly neurons: number
}

/** `2 L n h_kv d_h b`: keys and values of n slots. */
export const cacheBytes = ({ layers, keyHeads, headWidth }: Shape, slots: number, bytes = 2): number =>
  2 * layers * slots * keyHeads * headWidth * bytes

/** `L (4 n d (d + h_kv d_h) + 4 n^2 d + 6 n d m)`: a prompt of n slots. */
export function prefillFlops({ layers, width: d, keyHeads, headWidth, neurons }: Shape, n: number): number {
  return layers * (4 * n * d * (d + keyHeads * headWidth) + 4 * n * n * d + 6 * n * d * neurons)
}

/** Chance that an event of some seconds, placed anywhere, holds one of the frames that are seen: `min(1, e F / D)`. */
export const hitProbability = (event: number, frames: number, duration: number): number =>
  Math.min(1, (event * frames) / duration)

/** The most frames that a context has room for beside q text tokens. */
export const mostFrames = (context: number, perFrame: number, text: number): number =>
  Math.max(0, Math.floor((context - text) / perFrame))

/** Tokens that each way of bringing F frames of k tokens together leaves. */
export const templates = {
  concat: (F: number, k: number): number => F * k,
  /** A row of means over time, and one over space. */
  pooled: (F: number, k: number): number => F + k,
  queries: (Q: number): number => Q,
  windows: (F: number, W: number, S: number, Q: number): number => (Math.ceil((F - W) / S) + 1) * Q,
  memory: (F: number, k: number, M: number): number => Math.min(F, M) * k,
  slowFast: (slow: number, kSlow: number, fast: number, kFast: number): number => slow * kSlow + fast * kFast,
  segments: (S: number, k: number, g: number): number => S * k + g,
} as const

/** A frame in a memory bank, and how many frames it stands for. */
export interface Remembered {
  readonly state: readonly number[]
  readonly count: number
}

/**
 * A memory bank of capacity M: the two adjacent frames that are most alike become one, their mean, until M are left. A
 * `weighted` mean keeps the mean of all frames; a plain one does not.
 */
export function memoryBank(
  frames: readonly (readonly number[])[],
  capacity: number,
  mean: 'weighted' | 'plain' = 'weighted',
): Remembered[] {
  const bank: Remembered[] = frames.map((state) => ({ state, count: 1 }))
  while (bank.length > Math.max(1, capacity)) {
    const likeness = bank.slice(1).map(({ state }, at) => cosine(bank[at].state, state))
    const at = likeness.indexOf(Math.max(...likeness))
    bank.splice(at, 2, merged(bank[at], bank[at + 1], mean))
  }
  return bank
}

function merged(a: Remembered, b: Remembered, mean: 'weighted' | 'plain'): Remembered {
  const share = mean === 'weighted' ? a.count / (a.count + b.count) : 0.5
  return { state: a.state.map((x, i) => share * x + (1 - share) * b.state[i]), count: a.count + b.count }
}

function cosine(a: readonly number[], b: readonly number[]): number {
  const dot = (x: readonly number[], y: readonly number[]) => x.reduce((sum, value, i) => sum + value * y[i], 0)
  return dot(a, b) / (Math.sqrt(dot(a, a) * dot(b, b)) || 1)
}
