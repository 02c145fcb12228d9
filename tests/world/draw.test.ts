import { describe, expect, test } from 'vitest'
import {
  COLOR_RGB,
  COLORS,
  FILLS,
  insideObject,
  letterBoxes,
  makeScene,
  objectBox,
  type Rgb,
  runBox,
  SHAPES,
} from '../../src/world/index.ts'
import { renderPixels, renderSample } from '../../src/world/node-canvas.ts'
import { plainObject, plainScene } from './plain.ts'

function pixelAt(pixels: Uint8ClampedArray, x: number, y: number, size = 192): Rgb {
  const at = 4 * (y * size + x)
  return [pixels[at], pixels[at + 1], pixels[at + 2]]
}

function distance(a: Rgb, b: Rgb): number {
  return Math.hypot(a[0] - b[0], a[1] - b[1], a[2] - b[2])
}

/** Box of the pixels that differ clearly from the one at the top left. */
function inkBox(pixels: Uint8ClampedArray, size = 192): number[] {
  const paper = pixelAt(pixels, 0, 0)
  const box = [size, size, 0, 0]
  for (let y = 0; y < size; y++) {
    for (let x = 0; x < size; x++) {
      if (distance(pixelAt(pixels, x, y), paper) < 60) continue
      box[0] = Math.min(box[0], x)
      box[1] = Math.min(box[1], y)
      box[2] = Math.max(box[2], x + 1)
      box[3] = Math.max(box[3], y + 1)
    }
  }
  return box
}

describe('drawScene', () => {
  test.each(SHAPES.flatMap((shape) => FILLS.map((fill) => [shape, fill] as const)))(
    'the box of a %s %s is that of its pixels',
    (shape, fill) => {
      const object = plainObject(shape, 'black', fill)
      const drawn = inkBox(renderPixels(plainScene([object])))
      for (const [i, edge] of objectBox(object).entries()) expect(Math.abs(drawn[i] - edge)).toBeLessThan(1.6)
    },
  )

  test.each(COLORS)('the inside of a %s object has its colour', (color) => {
    for (const shape of SHAPES) {
      const object = plainObject(shape, color)
      const pixels = renderPixels(plainScene([object], color === 'white' ? 'black' : 'white'))
      const sum = [0, 0, 0]
      let count = 0
      for (let y = 60; y < 132; y++) {
        for (let x = 60; x < 132; x++) {
          if (!insideObject(object, x + 0.5, y + 0.5)) continue
          for (const [channel, value] of pixelAt(pixels, x, y).entries()) sum[channel] += value
          count++
        }
      }
      const mean = sum.map((value) => value / count) as unknown as Rgb
      const nearest = [...COLORS].sort((a, b) => distance(COLOR_RGB[a], mean) - distance(COLOR_RGB[b], mean))[0]
      expect(nearest).toBe(color)
      expect(distance(mean, COLOR_RGB[color])).toBeLessThan(25)
    }
  })

  test('the shapes differ from one another in many pixels', () => {
    const drawn = SHAPES.map((shape) => renderPixels(plainScene([plainObject(shape, 'black')])))
    for (const [i, a] of drawn.entries()) {
      for (const b of drawn.slice(i + 1)) {
        let different = 0
        for (let at = 0; at < a.length; at += 4) if (Math.abs(a[at] - b[at]) > 100) different++
        expect(different).toBeGreaterThan(150)
      }
    }
  })

  test('every letter leaves ink in its box and the word leaves none beside it', () => {
    for (let index = 0; index < 40; index++) {
      const made = makeScene({ split: 'train', seed: 21, index, kind: 'text' })
      const word = { ...made.words[0], rgb: COLOR_RGB.black, color: 'black' as const }
      const pixels = renderPixels({ ...plainScene([]), words: [word] })
      for (const { box } of letterBoxes(word)) {
        const [left, top, right, bottom] = box.map(Math.round)
        let ink = 0
        for (let y = top; y < bottom; y++) {
          for (let x = left; x < right; x++) if (pixelAt(pixels, x, y)[0] < 128) ink++
        }
        expect(ink / ((right - left) * (bottom - top))).toBeGreaterThan(0.08)
      }
      const [left, top, right, bottom] = runBox(word)
      const drawn = inkBox(pixels)
      expect(drawn[0]).toBeGreaterThan(left - 0.1 * word.em)
      expect(drawn[1]).toBeGreaterThan(top - 0.2 * word.em)
      expect(drawn[2]).toBeLessThan(right + 0.1 * word.em)
      expect(drawn[3]).toBeLessThan(bottom + 0.25 * word.em)
    }
  })

  test('noise stays within its bound and repeats', () => {
    const scene = { ...plainScene([], 'gray'), noise: 20 }
    const pixels = renderPixels(scene)
    expect(Buffer.from(pixels).equals(Buffer.from(renderPixels(scene)))).toBe(true)
    const red = pixels.filter((_, i) => i % 4 === 0)
    expect(Math.max(...red)).toBeLessThanOrEqual(152)
    expect(Math.min(...red)).toBeGreaterThanOrEqual(112)
    expect(new Set(red).size).toBeGreaterThan(30)
  })

  test('renderSample gives a PNG', () => {
    const { png } = renderSample({ scene: plainScene([plainObject('star', 'red')]) })
    expect(png.subarray(1, 4).toString()).toBe('PNG')
  })
})
