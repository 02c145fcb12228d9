import { describe, expect, test } from 'vitest'
import {
  HELD_OUT_PAIRS,
  HELD_OUT_RELATIONS,
  makeScene,
  objectBox,
  RELATION_MARGIN,
  runBox,
  SCENE_KINDS,
  type Scene,
  SPLITS,
} from '../../src/world/index.ts'
import { renderPixels } from '../../src/world/node-canvas.ts'

/** Rechecks the definition of a held-out composition in its own way. */
function findHeldOut({ objects, size }: Scene): boolean {
  const pair = objects.some((o) => HELD_OUT_PAIRS.some(([color, shape]) => o.color === color && o.shape === shape))
  const margin = RELATION_MARGIN * size
  const relation = HELD_OUT_RELATIONS.some(([first, name, second]) =>
    objects.some((a) =>
      objects.some((b) => {
        if (a.color !== first || b.color !== second) return false
        if (name === 'left of') return b.x - a.x >= margin
        if (name === 'right of') return a.x - b.x >= margin
        return name === 'above' ? b.y - a.y >= margin : a.y - b.y >= margin
      }),
    ),
  )
  return pair || relation
}

describe('makeScene', () => {
  test('the same key gives the same scene and the same pixels', () => {
    for (const [index, kind] of SCENE_KINDS.entries()) {
      const key = { split: 'train', seed: 5, index, kind } as const
      expect(makeScene(key)).toEqual(makeScene(key))
      const [first, second] = [1, 2].map(() => Buffer.from(renderPixels(makeScene(key))))
      expect(first.equals(second)).toBe(true)
    }
  })

  test('a scene is plain data', () => {
    for (let index = 0; index < 20; index++) {
      const scene = makeScene({ split: 'test', seed: 1, index })
      expect(JSON.parse(JSON.stringify(scene))).toEqual(scene)
    }
  })

  test('splits share no scene', () => {
    const seen = new Map<string, string>()
    for (const split of SPLITS) {
      for (let index = 0; index < 300; index++) {
        const { seed } = makeScene({ split, seed: 11, index })
        expect(seen.get(String(seed)) ?? split).toBe(split)
        seen.set(String(seed), split)
      }
    }
    expect(seen.size).toBe(900)
  })

  test('training and validation scenes never show a held-out composition', () => {
    for (let index = 0; index < 2000; index++) {
      const scene = makeScene({ split: index % 4 === 0 ? 'validation' : 'train', seed: 3, index })
      expect(scene.heldOut).toBe(false)
      expect(findHeldOut(scene)).toBe(false)
    }
  })

  test('about a quarter of the test scenes show one, and say so', () => {
    let count = 0
    for (let index = 0; index < 800; index++) {
      const scene = makeScene({ split: 'test', seed: 3, index, kind: 'objects' })
      expect(scene.heldOut).toBe(findHeldOut(scene))
      if (scene.heldOut) count++
    }
    expect(count / 800).toBeGreaterThan(0.2)
    expect(count / 800).toBeLessThan(0.3)
  })

  test('objects lie on the canvas, overlap little and leave words free', () => {
    for (let index = 0; index < 300; index++) {
      const { size, objects, words } = makeScene({ split: 'train', seed: 8, index })
      const boxes = objects.map(objectBox)
      for (const box of [...boxes, ...words.map(runBox)]) {
        expect(Math.min(...box)).toBeGreaterThanOrEqual(0)
        expect(Math.max(...box)).toBeLessThanOrEqual(size)
      }
      for (const [i, a] of boxes.entries()) {
        for (const b of [...boxes.slice(i + 1), ...words.map(runBox)]) {
          const width = Math.max(0, Math.min(a[2], b[2]) - Math.max(a[0], b[0]))
          const height = Math.max(0, Math.min(a[3], b[3]) - Math.max(a[1], b[1]))
          const smaller = Math.min((a[2] - a[0]) * (a[3] - a[1]), (b[2] - b[0]) * (b[3] - b[1]))
          expect((width * height) / smaller).toBeLessThan(0.15)
        }
      }
    }
  })

  test('scenes have one to eight objects, words large enough, bars within the axis', () => {
    const counts = new Set<number>()
    for (let index = 0; index < 600; index++) {
      const scene = makeScene({ split: 'train', seed: 9, index })
      if (scene.kind === 'objects') counts.add(scene.objects.length)
      for (const word of scene.words) {
        const box = runBox(word)
        expect(box[3] - box[1]).toBeGreaterThan(scene.size / 9)
      }
      for (const bar of scene.chart?.bars ?? []) {
        const label = runBox(bar.label)
        expect(label[3] - label[1]).toBeGreaterThan(scene.size / 12.1)
        expect([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10]).toContain(bar.value)
      }
    }
    expect([...counts].sort()).toEqual([1, 2, 3, 4, 5, 6, 7, 8])
  })

  test('other canvas sizes scale the scene', () => {
    const scene = makeScene({ split: 'train', seed: 1, index: 0, kind: 'objects', size: 96 })
    expect(renderPixels(scene)).toHaveLength(96 * 96 * 4)
    expect(() => makeScene({ split: 'train', seed: 1, index: 0, size: 10 })).toThrow(/side 10: use an integer from 64/)
  })
})
