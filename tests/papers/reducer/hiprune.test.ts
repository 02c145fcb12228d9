import { describe, expect, it } from 'vitest'
import { parseMethod } from '../../../src/papers/methods.ts'
import { noise, seen, tokensOf } from '../tokens-of.ts'

/** 4 x 4 patches: one layer peaks at a patch, the last gets d_j = j / 100. */
function grid(peak: number) {
  const rows = (of: (at: number) => number) =>
    Array.from({ length: 16 }, () => Array.from({ length: 16 }, (_, at) => of(at)))
  const attention = [rows((at) => (at === peak ? 0.9 : 0.001)), rows((at) => at / 100)]
  return tokensOf({ features: noise(16, 3), attention, grid: { rows: 4, columns: 4 } })
}
const kept = (peak: number, options: string) =>
  seen(parseMethod(`hiprune:keep=.5,object=0,${options}`), grid(peak)).kept

describe('hiprune', () => {
  it('is the worked example: a peak at the end of a row, with and without what the released code wraps to', () => {
    expect(kept(7, 'alpha=.6')).toEqual([3, 6, 7, 11, 12, 13, 14, 15])
    expect(kept(7, 'alpha=.6,border=wrap')).toEqual([3, 6, 7, 8, 11, 13, 14, 15])
  })

  it('is the worked example in the corner', () => {
    expect(kept(0, 'alpha=.6,border=wrap')).toEqual([0, 1, 4, 11, 12, 13, 14, 15])
    expect(kept(0, 'alpha=.6')).toEqual([0, 1, 4, 11, 12, 13, 14, 15])
  })

  it('is the last layer alone with alpha 0, and where the anchors round to none', () => {
    for (const alpha of [0, 0.1]) expect(kept(0, `alpha=${alpha}`)).toEqual([8, 9, 10, 11, 12, 13, 14, 15])
  })

  it('keeps so many exactly, all for anchors too', () => {
    for (const keep of [0.0625, 0.25, 0.4375, 0.75])
      for (const alpha of [0, 0.3, 1])
        for (const border of ['drop', 'wrap']) {
          const method = parseMethod(`hiprune:keep=${keep},object=0,alpha=${alpha},border=${border}`)
          expect(seen(method, grid(5)).kept, `${keep} ${alpha} ${border}`).toHaveLength(16 * keep)
        }
  })

  it('keeps an object that only a middle layer looks at, for anchors', () => {
    expect(kept(0, 'alpha=.6')).toContain(0)
    expect(kept(0, 'alpha=0')).not.toContain(0)
  })

  it('takes for its middle layer the first of two, and the 9th of 24', () => {
    expect(seen(parseMethod('hiprune:keep=.5,alpha=.6'), grid(0)).kept).toContain(0)
    const layers = (at: number) => Array.from({ length: 24 }, (_, layer) => grid(0).vision.layers[layer === at ? 0 : 1])
    const deep = (at: number) => ({ ...grid(0), vision: { ...grid(0).vision, layers: layers(at) } })
    expect(seen(parseMethod('hiprune:keep=.5,alpha=.6'), deep(8)).kept).toContain(0)
    expect(seen(parseMethod('hiprune:keep=.5,alpha=.6'), deep(9)).kept).not.toContain(0)
  })
})
