import { afterAll, describe, expect, it } from 'vitest'
import { packTiles, timesIn, unpadded } from '../../../src/models/views/any-resolution.ts'
import type { PackedSlot } from '../../../src/models/views/prompt-form.ts'
import type { EncodedView } from '../../../src/pipeline/flow/encoded-view.ts'
import { f32 } from '../../../src/runtime/index.ts'
import { NodeBackend } from '../../../src/runtime/node/backend.ts'
import { packInGraph } from './gathered.ts'

const backend = new NodeBackend()
afterAll(() => backend.dispose())

const packed = (views: readonly EncodedView[], slots: readonly PackedSlot[]) => packInGraph(backend, views, slots, [-1])

/** A view of 2 x 2 patches whose tokens are single numbers. */
const view = (values: readonly number[], owner = [0, 1, 2, 3]): EncodedView => ({
  embeds: f32([values.length, 1], Float32Array.from(values)),
  owner,
  memory: {},
  signals: {},
  changedBy: [],
  grid: { rows: 2, columns: 2 },
  milliseconds: 1,
  cost: { flops: 10, bytes: 100 },
})
const image = { data: new Uint8Array(3), width: 1, height: 1 }
const whole = { image, width: 2, height: 2 }
const tile = (row: number, column: number) => ({ ...whole, tile: { row, column } })
const grid = () => ({ rows: 2, columns: 2 })

describe('an image of several views', () => {
  const views = [whole, tile(1, 1), tile(1, 2)]
  const encoded = [view([1, 2, 3, 4]), view([11, 12, 13, 14]), view([21, 22, 23, 24])]
  const slots = packTiles({ width: 40, height: 20 }, views, grid)

  it('is the whole of it, then rows through all tiles, each with a separator', async () => {
    const { embeds, owner, cost } = await packed(encoded, slots)
    expect([...embeds.data]).toEqual([1, 2, 3, 4, 11, 12, 21, 22, -1, 13, 14, 23, 24, -1])
    expect(owner).toEqual([0, 1, 2, 3, 4, 5, 9, 10, 6, 7, 11, 12])
    expect(cost.flops).toBeGreaterThan(30)
  })

  it('shrinks to as many rows as whole ratios go into them', () => {
    // 5 x 5 tiles of 27 x 27 patches within 9, and 4 x 4: Python says 80 and 81
    expect(timesIn(135, Math.sqrt((135 * 135) / (9 * 27 * 27)))).toBe(80)
    expect(timesIn(108, Math.sqrt((108 * 108) / (9 * 27 * 27)))).toBe(81)
    expect([timesIn(0, 1.5), timesIn(1, 1.5), timesIn(3, 1.5), timesIn(10, 4)]).toEqual([0, 0, 2, 2])
  })

  it('keeps the separators of an image so narrow that no place of its tiles shows it', async () => {
    const narrow = packTiles({ width: 1, height: 20 }, [whole, tile(1, 1), tile(2, 1)], grid)
    const { embeds } = await packed(encoded, narrow)
    expect([...embeds.data]).toEqual([1, 2, 3, 4, -1, -1, -1, -1])
  })

  it('leaves out the padding around the image', async () => {
    expect(unpadded({ width: 40, height: 10 }, { rows: 4, columns: 4 })).toEqual({
      top: 1,
      bottom: 3,
      left: 0,
      right: 4,
    })
    const tall = packTiles({ width: 20, height: 20 }, views, grid)
    expect([...(await packed(encoded, tall)).embeds.data]).toEqual([1, 2, 3, 4, 12, 21, -1, 14, 23, -1])
  })

  it('places tokens that were merged once, and drops rows of which nothing is left', async () => {
    const merged = [view([1], [0, 0, 0, 0]), view([11], [0, -1, -1, -1]), view([21, 22], [0, 1, -1, -1])]
    const { embeds, owner } = await packed(merged, slots)
    expect([...embeds.data]).toEqual([1, 11, 21, 22, -1])
    expect(owner).toEqual([0, 0, 0, 0, 1, -1, -1, -1, 2, 3, -1, -1])
  })

  it('mixes patches where there would be too many', async () => {
    const few = packTiles({ width: 40, height: 20 }, views, grid, 0.5)
    expect([...(await packed(encoded, few)).embeds.data]).toEqual([1, 2, 3, 4, 12.5, 22.5, -1])
  })
})
