import { describe, expect, it } from 'vitest'
import { parseMethod } from '../../../src/papers/methods.ts'
import { directions, likeness, noise, seen, tokensOf } from '../tokens-of.ts'

const run = (options: string, tokens: ReturnType<typeof tokensOf>) => seen(parseMethod(`vispruner:${options}`), tokens)

/** 24 patches: the first 12 alike, the others of all directions; CLS falls from the first to the last. */
const background = directions(
  ...Array.from({ length: 12 }, (_, at) => at / 10),
  ...Array.from({ length: 12 }, (_, at) => 30 * at),
)
const falling = background.map((_, at) => 1 / (at + 2))

describe('vispruner', () => {
  it('takes the important ones, then of pairs those that differ: an example by hand', () => {
    // CLS order 0, 1, 2, 3, 4. One is important (0); of 1, 2, 3, 4 the even places 1, 3 are compared with 2, 4.
    const features = directions(0, 10, 12, 50, 90)
    const tokens = tokensOf({ features, cls: [0.5, 0.2, 0.15, 0.1, 0.05] })
    // cos(10, 12) is the largest: 1 goes; three diverse ones are left.
    expect(run('keep=.8,important=.25', tokens).kept).toEqual([0, 2, 3, 4])
    // Two diverse ones: of the even places both 1 and 3 go.
    expect(run('keep=.6,important=.3', tokens).kept).toEqual([0, 2, 4])
  })

  it('keeps so many exactly, for odd and even numbers of what is left', () => {
    for (const n of [1, 2, 3, 7, 23, 24])
      for (const keep of [0.1, 0.3, 0.5, 0.9]) {
        const tokens = tokensOf({ features: noise(n, 4), cls: falling.slice(0, n) })
        const wanted = Math.max(1, Math.round(n * keep))
        expect(Math.abs(run(`keep=${keep}`, tokens).kept.length - wanted), `${keep} of ${n}`).toBeLessThanOrEqual(0.5)
      }
  })

  it('is FasterVLM where all are chosen by attention', () => {
    const tokens = tokensOf({ features: noise(24, 4), cls: noise(24, 1, 7).map(([x]) => x + 0.5) })
    expect(run('keep=.25,important=1', tokens)).toEqual(seen(parseMethod('fastervlm:keep=.25'), tokens))
  })

  it('keeps tokens that are less alike than those of FasterVLM', () => {
    const tokens = tokensOf({ features: background, cls: falling })
    const [own, others] = [run('keep=.25', tokens), seen(parseMethod('fastervlm:keep=.25'), tokens)]
    expect(own.kept.length).toBe(others.kept.length)
    expect(likeness(own.states)).toBeLessThan(likeness(others.states) - 0.2)
  })

  it('keeps one of two alike', () => {
    const features = directions(0, 45, 45, 90, 135)
    const { kept } = run('keep=.6,important=0', tokensOf({ features, cls: [0.5, 0.4, 0.3, 0.2, 0.1] }))
    expect(kept).toHaveLength(3)
    expect(kept.filter((patch) => patch === 1 || patch === 2).length).toBeGreaterThanOrEqual(1)
  })
})
