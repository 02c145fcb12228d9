import { createHash } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { nodeArt } from '../../../src/world/node-art.ts'
import { renderPixels } from '../../../src/world/node-canvas.ts'
import { showsHeldOutThings } from '../../../src/world/things/held-out.ts'
import { LAYOUTS } from '../../../src/world/things/layouts.ts'
import { LEAST_VISIBLE, makeThingScene } from '../../../src/world/things/make-thing-scene.ts'
import { itemMap } from '../../../src/world/things/masks.ts'
import { paintGround, paintItems } from '../../../src/world/things/paint-scene.ts'

const art = nodeArt()
const scenes = (split: 'train' | 'validation' | 'test', n: number) =>
  Array.from({ length: n }, (_, index) => makeThingScene({ split, seed: 4, index, art }))
const [train, validation, tests] = [scenes('train', 120), scenes('validation', 60), scenes('test', 120)]

describe('makeThingScene', () => {
  test('is a function of its key', () => {
    for (const index of [0, 7]) {
      expect(makeThingScene({ split: 'train', seed: 4, index, art })).toEqual(train[index])
      expect(renderPixels(train[index])).toEqual(renderPixels(makeThingScene({ split: 'train', seed: 4, index, art })))
    }
  })

  test('the splits share no scene, and training shows nothing that is held out', () => {
    const keys = [train, validation, tests].flat().map((scene) => JSON.stringify(scene.items))
    expect(new Set(keys).size).toBe(keys.length)
    expect([...train, ...validation].some(showsHeldOutThings)).toBe(false)
    for (const scene of tests) expect(scene.heldOut).toBe(showsHeldOutThings(scene))
    const share = tests.filter(({ heldOut }) => heldOut).length / tests.length
    expect(share).toBeGreaterThan(0.12)
    expect(share).toBeLessThan(0.4)
  })

  test('every item is seen, in its box, in its mask', () => {
    for (const { items = [], size } of tests.slice(0, 40)) {
      const map = itemMap(items, size, art)
      for (const [index, { box, visible }] of items.entries()) {
        expect(visible).toBeGreaterThanOrEqual(LEAST_VISIBLE)
        const seen = [...map.keys()].filter((at) => map[at] === index + 1)
        expect(seen.length).toBeGreaterThan(10)
        for (const at of seen) {
          const [x, y] = [at % size, Math.floor(at / size)]
          expect(x >= box[0] - 1 && x <= box[2] && y >= box[1] - 1 && y <= box[3]).toBe(true)
        }
      }
    }
  })

  test('the items are what changes the picture, and only in their masks', () => {
    const scene = { ...tests.find(({ grid, chart, words }) => !grid && !chart && words.length === 0)!, noise: 0 }
    const [with_, without] = [renderPixels(scene), renderPixels({ ...scene, items: [] })]
    const map = itemMap(scene.items!, scene.size, art)
    let outside = 0
    for (let at = 0; at < map.length; at++) {
      const differs = [0, 1, 2].some((c) => Math.abs(with_[4 * at + c] - without[4 * at + c]) > 60)
      if (differs && map[at] === 0) outside++
    }
    expect(outside / map.length).toBeLessThan(0.02)
  })

  test('covers, cuts off, turns, mirrors, dips and mixes with shapes', () => {
    const items = [train, tests].flatMap((all) => all.flatMap((scene) => scene.items ?? []))
    expect(items.some(({ visible }) => visible < 0.9)).toBe(true)
    expect(items.some((item) => item.kind === 'thing' && item.tint)).toBe(true)
    expect(items.some((item) => item.kind === 'thing' && item.mirrored)).toBe(true)
    expect(items.some((item) => item.kind === 'figure')).toBe(true)
    expect(items.some(({ box }) => box[0] === 0 || box[3] === 192)).toBe(true)
    expect(train.some(({ backdrop }) => backdrop)).toBe(true)
  })

  test('refuses to train on the vendor that is kept, and sizes that are too small', () => {
    const key = { split: 'train', seed: 4, index: 0, art } as const
    expect(() => makeThingScene({ ...key, vendors: ['fxemoji'] })).toThrow(
      /fxemoji are kept for tests: use the split test/,
    )
    expect(() => makeThingScene({ ...key, size: 20 })).toThrow(/side 20/)
    const own = makeThingScene({ ...key, split: 'test', vendors: ['fxemoji'] })
    expect(own.items!.every((item) => item.kind === 'figure' || item.vendor === 'fxemoji')).toBe(true)
  })

  test.each(LAYOUTS)('the layout %s is drawn', (layout) => {
    const scene = makeThingScene({ split: 'test', seed: 8, index: 1, art, layout })
    expect(renderPixels(scene).length).toBe(4 * 192 * 192)
    if (layout === 'chart') expect(scene.items!.length).toBe(scene.chart!.bars.length)
    if (layout === 'grid') expect(scene.grid!.cells.filter((cell) => cell >= 0).length).toBe(scene.items!.length)
  })

  test('the same bytes on every machine', () => {
    const hash = createHash('sha256')
    for (const scene of tests.slice(0, 24)) {
      const surface = paintGround(scene)
      paintItems(surface, scene, art)
      hash.update(JSON.stringify(scene)).update(surface.data)
    }
    expect(hash.digest('hex')).toBe('a56866e5a7b09f16a0c7267941ff1f9a5931d2ade34973df7624e12349b46e27')
  })
})
