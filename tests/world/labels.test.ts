import { describe, expect, test } from 'vitest'
import {
  CHARACTERS,
  COLORS,
  FILLS,
  LABEL_CLASSES,
  makeScene,
  objectBox,
  patchLabels,
  type Scene,
  SHAPES,
  SIZES,
} from '../../src/world/index.ts'
import { renderPixels } from '../../src/world/node-canvas.ts'
import { plainObject, plainScene } from './plain.ts'

/** Share of each cell's pixels that have exactly the colour of each object. */
function coverage(scene: Scene, grid: number): number[][] {
  const pixels = renderPixels(scene)
  const step = scene.size / grid
  return Array.from({ length: grid * grid }, (_, cell) => {
    const counts = scene.objects.map(() => 0)
    for (let i = 0; i < step * step; i++) {
      const x = (cell % grid) * step + (i % step)
      const y = Math.floor(cell / grid) * step + Math.floor(i / step)
      const at = 4 * (y * scene.size + x)
      const found = scene.objects.findIndex(({ rgb }) => rgb.every((value, c) => value === pixels[at + c]))
      if (found >= 0) counts[found]++
    }
    return counts.map((count) => count / (step * step))
  })
}

describe('patchLabels', () => {
  test('agree with the pixels of plain scenes', () => {
    for (let index = 0; index < 40; index++) {
      const made = makeScene({ split: 'train', seed: 31, index, kind: 'objects' })
      const objects = made.objects.map((object, i) => ({
        ...object,
        fill: 'solid' as const,
        rgb: [9 * i, 0, 99] as const,
      }))
      const scene = plainScene(objects)
      const labels = patchLabels(scene, 12)
      for (const [cell, shares] of coverage(scene, 12).entries()) {
        const most = Math.max(...shares)
        if (most > 0.5) expect(labels.object[cell]).toBe(shares.indexOf(most))
        if (most < 0.1) expect(labels.object[cell]).toBe(-1)
      }
      expect(new Set(labels.object.filter((i) => i >= 0)).size).toBe(objects.length)
    }
  })

  test('carry the attributes and the box of their object', () => {
    const object = plainObject('heart', 'cyan', 'outlined', 100, 60)
    const scene = plainScene([object])
    const labels = patchLabels(scene, 12)
    const cell = 3 * 12 + 6
    expect(labels.object[cell]).toBe(0)
    expect(SHAPES[labels.shape[cell] - 1]).toBe('heart')
    expect(COLORS[labels.color[cell] - 1]).toBe('cyan')
    expect(SIZES[labels.size[cell] - 1]).toBe('medium')
    expect(FILLS[labels.fill[cell] - 1]).toBe('outlined')
    for (const [i, edge] of objectBox(object).entries()) expect(labels.box[4 * cell + i]).toBeCloseTo(edge / 192, 5)
    expect([labels.object[0], labels.shape[0], labels.box[0], labels.character[0]]).toEqual([-1, 0, 0, 0])
  })

  test('spell every word in order', () => {
    for (let index = 0; index < 60; index++) {
      const scene = makeScene({ split: 'train', seed: 32, index, kind: 'text' })
      const { character, charIndex } = patchLabels(scene, 24)
      const seen = new Set<string>()
      for (const [cell, label] of character.entries()) {
        if (label > 0) seen.add(CHARACTERS[label - 1] + charIndex[cell])
      }
      for (const word of scene.words)
        for (const [i, letter] of [...word.text].entries()) expect(seen).toContain(letter + i)
    }
  })

  test('give the value of the bar at a cell', () => {
    for (let index = 0; index < 40; index++) {
      const scene = makeScene({ split: 'train', seed: 33, index, kind: 'chart' })
      const { barValue } = patchLabels(scene, 12)
      const values = new Set(scene.chart!.bars.map((bar) => bar.value))
      for (const value of barValue) if (value >= 0) expect(values).toContain(value)
      for (const { value } of scene.chart!.bars) if (value >= 2) expect([...barValue]).toContain(value)
    }
  })

  test('stay within their classes for any scene and grid', () => {
    for (let index = 0; index < 100; index++) {
      const labels = patchLabels(makeScene({ split: 'test', seed: 34, index }), [8, 12, 14][index % 3])
      for (const [name, classes] of Object.entries(LABEL_CLASSES)) {
        const values = labels[name as keyof typeof LABEL_CLASSES]
        expect(values).toHaveLength(labels.grid ** 2)
        expect(Math.max(...values)).toBeLessThan(classes)
      }
      expect(Math.max(...labels.box)).toBeLessThanOrEqual(1)
    }
  })

  test('refuse a grid that is none', () => {
    expect(() => patchLabels(plainScene([]), 0)).toThrow('positive integer')
  })
})
