/** Mixes a string into a 32-bit state (FNV-1a, then the splitmix32 finaliser). */
function mixString(state: number, text: string): number {
  let hash = state ^ 0x811c9dc5
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193)
  return splitmix(hash >>> 0)
}

function splitmix(state: number): number {
  let z = (state + 0x9e3779b9) | 0
  z = Math.imul(z ^ (z >>> 16), 0x21f0aaad)
  z = Math.imul(z ^ (z >>> 15), 0x735a2d97)
  return (z ^ (z >>> 15)) >>> 0
}

/** A number that a text always gives, 0 to 2^32. */
export const hashOf = (text: string): number => mixString(splitmix(1), text)

/**
 * A small deterministic generator (sfc32, 128 bits of state) seeded from a number and any stream names, so that
 * `Rng.from(7, 'train', 'scene', 12)` and `Rng.from(7, 'test', 'scene', 12)` have nothing in common.
 */
export class Rng {
  private constructor(
    private a: number,
    private b: number,
    private c: number,
    private counter: number,
  ) {
    for (let i = 0; i < 12; i++) this.uint32()
  }

  /** A generator for one stream; equal arguments give equal streams on every platform. */
  static from(seed: number, ...streams: (string | number)[]): Rng {
    const key = [seed, ...streams].join('\u0000')
    const [a, b, c, d] = [1, 2, 3, 4].map((lane) => mixString(splitmix(lane), key))
    return new Rng(a, b, c, d)
  }

  /** A uniform integer in [0, 2^32). */
  uint32(): number {
    const t = (this.a + this.b + this.counter) | 0
    this.counter = (this.counter + 1) | 0
    this.a = this.b ^ (this.b >>> 9)
    this.b = (this.c + (this.c << 3)) | 0
    this.c = (((this.c << 21) | (this.c >>> 11)) + t) | 0
    return t >>> 0
  }

  /** A uniform number in [low, high). */
  float(low = 0, high = 1): number {
    return low + (this.uint32() / 4294967296) * (high - low)
  }

  /** A uniform integer in [low, high], both ends included. */
  int(low: number, high: number): number {
    return low + Math.floor(this.float() * (high - low + 1))
  }

  /** True with the given probability. */
  chance(probability: number): boolean {
    return this.float() < probability
  }

  /** A normal deviate (Box-Muller). */
  normal(mean = 0, deviation = 1): number {
    const radius = Math.sqrt(-2 * Math.log(1 - this.float()))
    return mean + deviation * radius * Math.cos(2 * Math.PI * this.float())
  }

  /** A uniformly chosen item of a list that must not be empty. */
  pick<T>(items: readonly T[]): T {
    if (items.length === 0) throw new RangeError('Rng.pick: the list is empty; check its length first')
    return items[this.int(0, items.length - 1)]
  }

  /** A key of `weights`, chosen with probability proportional to its weight. */
  weighted<K extends string>(weights: Readonly<Record<K, number>>): K {
    const entries = Object.entries(weights) as [K, number][]
    const total = entries.reduce((sum, [, weight]) => sum + weight, 0)
    if (!(total > 0)) throw new RangeError('Rng.weighted: the weights must have a positive sum')
    let rest = this.float(0, total)
    for (const [key, weight] of entries) if ((rest -= weight) < 0) return key
    return entries.filter(([, weight]) => weight > 0).at(-1)![0]
  }

  /** A shuffled copy (Fisher-Yates). */
  shuffle<T>(items: readonly T[]): T[] {
    const copy = [...items]
    for (let i = copy.length - 1; i > 0; i--) {
      const j = this.int(0, i)
      ;[copy[i], copy[j]] = [copy[j], copy[i]]
    }
    return copy
  }
}
