import { describe, expect, it } from 'vitest'
import { parseMethod } from '../../../src/papers/methods.ts'
import { directions, noise, seen, tokensOf } from '../tokens-of.ts'

const features = directions(0, 20, 45, 90)
const cls = [0.5, 0.45, 0.32, 0.1]
const kept = (options: string, of = { features, cls }) =>
  seen(parseMethod(`id-selection:${options}`), tokensOf(of)).kept

describe('id-selection', () => {
  it('is the worked example: the copy at 20 degrees is passed over', () => {
    for (const suppress of ['subtract', 'clamp', 'multiply'])
      expect(kept(`keep=.5,suppress=${suppress}`), suppress).toEqual([0, 2])
    expect(kept('keep=.75')).toEqual([0, 2, 3])
    expect(kept('keep=.75,suppress=clamp')).toEqual([0, 1, 2])
    expect(kept('keep=.75,suppress=multiply')).toEqual([0, 1, 2])
  })

  it('begins with what is most important, and is the most important ones where suppression reaches nobody', () => {
    expect(kept('keep=.25')).toEqual([0])
    expect(kept('keep=.75,gamma=1000000000')).toEqual([0, 1, 2])
  })

  it('does not change with scale and offset of importance, nor when features turn', () => {
    const more = { features: directions(70, 90, 115, 160), cls: cls.map((x) => 3 * x + 1) }
    for (const options of ['keep=.5', 'keep=.75']) expect(kept(options, more)).toEqual(kept(options))
  })

  it('passes over exact copies, and keeps what is unlike all others', () => {
    const copies = { features: directions(0, 0, 0, 90), cls: [0.9, 0.8, 0.7, 0.2] }
    for (const suppress of ['subtract', 'clamp']) {
      // 90 degrees has importance 0 after scaling: it beats what fell below it, and ties with what was cut off there.
      const expected = suppress === 'subtract' ? [0, 3] : [0, 1]
      expect(kept(`keep=.5,suppress=${suppress}`, copies)).toEqual(expected)
    }
  })

  it('does not let look-alikes rise when something is taken below 0', () => {
    // After 0: -.60, -.89 and -.70. Taking 1 would raise 2, its copy, above 3.
    const of = { features: directions(0, 10, 12, -30), cls: [1, 0.4, 0.1, 0] }
    expect(kept('keep=.75', of)).toEqual([0, 1, 3])
  })

  it('works where all are equally important', () => {
    expect(kept('keep=.5', { features: noise(6, 3), cls: new Array(6).fill(0.1) })).toHaveLength(3)
  })

  it('reaches more clusters than the most important ones do', () => {
    const angles = Array.from({ length: 20 }, (_, at) => 45 * Math.floor(at / 5) + at)
    const of = { features: directions(...angles), cls: angles.map((_, at) => 0.9 ** at) }
    const clusters = (patches: readonly number[]) => new Set(patches.map((patch) => Math.floor(patch / 5))).size
    const top = seen(parseMethod('fastervlm:keep=.2'), tokensOf(of)).kept
    expect(clusters(kept('keep=.2', of))).toBeGreaterThan(clusters(top))
  })

  it('compares features without their mean where it is told to', () => {
    // Far from the origin all directions look alike; without the mean they are opposite.
    const far = {
      features: [
        [101, 100],
        [100.9, 100],
        [99, 100],
        [100, 100.2],
      ],
      cls: [0.9, 0.8, 0.3, 0.1],
    }
    expect(kept('keep=.5,centre=true', far)).toEqual([0, 2])
    expect(kept('keep=.5', far)).not.toEqual([0, 2])
  })
})
