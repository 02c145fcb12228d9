import { describe, expect, it } from 'vitest'
import { parseMethod } from '../../../src/papers/methods.ts'
import { afterLayers, atLayer, left, promptOf } from '../sequence-run.ts'
import { directions, likeness, noise } from '../tokens-of.ts'

/** What stays of visual tokens with these states, where keys of the layer before have these norms. */
function kept(options: string, visual: number[][], norms: number[], text = [[1, 1]], textNorms = [0]): number[] {
  const seq = promptOf({ visual, text })
  const keys = [...norms, ...textNorms].map((norm) => [norm / 2, -norm / 2])
  const ready = afterLayers(seq, 2, { queries: keys, keys })
  return [...left(atLayer(parseMethod(`dart:layer=2,${options}`), 2, ready)).source]
}

describe('dart', () => {
  it('takes the pivot of largest norm, and what is least like it: an example by hand', () => {
    // Pivot 1 (10 degrees); least like it are 3 (180), then 2 (90).
    expect(kept('keep=.5,image=1,text=0', directions(0, 10, 90, 180), [1, 5, 2, 3])).toEqual([1, 3])
    expect(kept('keep=.75,image=1,text=0', directions(0, 10, 90, 180), [1, 5, 2, 3])).toEqual([1, 2, 3])
  })

  it('lets each pivot take its share, first those of the image, by norm', () => {
    // Pivots 0 (0 degrees) and 1 (180). One each: 0 takes 3 (170), then 1 takes 2 (10).
    expect(kept('keep=.6667,image=2,text=0', directions(0, 180, 10, 170, 90, 95), [9, 8, 0, 0, 0, 0])).toEqual([
      0, 1, 2, 3,
    ])
  })

  it('takes pivots of the text after the image too', () => {
    // The text (90 degrees) takes what is least like it: 3 (270).
    const visual = directions(0, 90, 180, 270)
    expect(kept('keep=.5,image=1,text=1', visual, [0, 9, 0, 0], directions(90), [5])).toEqual([1, 3])
  })

  it('has k exactly, or as many as the released code: 124 of 128 for 576', () => {
    const [visual, norms] = [noise(576, 4), noise(576, 1, 3).map(([x]) => x + 0.5)]
    const text = noise(6, 4, 9)
    const many = (options: string) => kept(options, visual, norms, text, [1, 2, 3, 4, 5, 6])
    expect(many('keep=.2222')).toHaveLength(128)
    expect(many('keep=.2222,count=released')).toHaveLength(124)
    expect(many('keep=.2222,count=released').every((at, i, all) => i === 0 || at > all[i - 1])).toBe(true)
    const pivots = [...norms.keys()].sort((a, b) => norms[b] - norms[a]).slice(0, 4)
    for (const pivot of pivots) expect(many('keep=.2222')).toContain(pivot)
  })

  it('keeps everything of a share of 1, however pivots count, and never more than there is', () => {
    const visual = noise(10, 3)
    const norms = visual.map(() => 1)
    for (const options of ['keep=1', 'keep=1,count=released', 'keep=.99,count=released,image=1,text=0'])
      expect(kept(options, visual, norms), options).toHaveLength(10)
    expect(kept('keep=.05', visual, norms)).toEqual([0])
    expect(kept('keep=0', visual, norms)).toEqual([])
  })

  it('takes a copy only when nothing less alike is left', () => {
    const visual = directions(0, 0, 0, 45, 90)
    expect(kept('keep=.6,image=1,text=0', visual, [9, 0, 0, 0, 0])).toEqual([0, 3, 4])
    expect(kept('keep=.8,image=1,text=0', visual, [9, 0, 0, 0, 0])).toEqual([0, 1, 3, 4])
  })

  it('keeps tokens that are less alike than any first ones', () => {
    const visual = directions(...Array.from({ length: 32 }, (_, at) => (at < 24 ? at / 10 : 40 * (at - 23))))
    const own = kept(
      'keep=.25',
      visual,
      visual.map(() => 1),
      noise(5, 2),
      [1, 2, 3, 4, 5],
    )
    expect(likeness(own.map((at) => visual[at]))).toBeLessThan(likeness(visual.slice(0, 8)) - 0.3)
  })

  it('compares states as the norm behind the last layer leaves them', () => {
    const seq = promptOf({
      visual: [
        [1, 0],
        [1, 1],
        [0.9, -0.4],
      ],
      text: [[1, 1]],
    })
    const keys = [
      [9, 9],
      [0, 0],
      [0, 0],
      [0, 0],
    ]
    const run = (norm?: (x: typeof seq.states) => typeof seq.states) => [
      ...left(
        atLayer(
          parseMethod('dart:layer=2,keep=.6667,image=1,text=0'),
          2,
          afterLayers(seq, 2, { queries: keys, keys }),
          { norm },
        ),
      ).source,
    ]
    expect(run()).toEqual([0, 1])
    const second = promptOf({
      visual: [
        [1, 0],
        [1, 0.1],
        [0, 1],
      ],
      text: [[1, 1]],
    }).states
    expect(run(() => second)).toEqual([0, 2])
  })
})
