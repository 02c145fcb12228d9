import { describe, expect, it } from 'vitest'
import { drawingTasks, renderDrawing, sampleDrawing, sceneToSvg } from '../../src/evaluation/drawings.ts'
import { insideObject } from '../../src/world/geometry.ts'
import { COLOR_RGB, findTask, Rng } from '../../src/world/index.ts'

describe('drawings', () => {
  it('are the same for the same key and ask only of objects', () => {
    expect(drawingTasks).toContain('count')
    expect(drawingTasks).not.toContain('bar')
    expect(sampleDrawing('count', 3, 1)).toEqual(sampleDrawing('count', 3, 1))
    expect(sampleDrawing('count', 3, 1)).not.toEqual(sampleDrawing('count', 3, 2))
    expect(() => sampleDrawing('bar', 1, 0)).toThrow('no drawing can ask about "bar"')
  })

  it('show what their scene says: colours where objects are, paper elsewhere', async () => {
    for (let index = 0; index < 6; index++) {
      const { scene } = sampleDrawing('color', 1, index)
      const image = await renderDrawing(scene)
      expect([image.width, image.height]).toEqual([scene.size, scene.size])
      const at = (x: number, y: number) => [...image.data.subarray((y * image.width + x) * 3).subarray(0, 3)]
      let right = 0
      for (let y = 0; y < scene.size; y++)
        for (let x = 0; x < scene.size; x++) {
          const top = scene.objects.findLast((object) => insideObject(object, x + 0.5, y + 0.5))
          const expected = top ? COLOR_RGB[top.color] : scene.background.from
          right += Number(at(x, y).every((value, channel) => Math.abs(value - expected[channel]) < 8))
        }
      expect(right / scene.size ** 2).toBeGreaterThan(0.96) // all but the edges
    }
  })

  it('have answers that the task gives for them', () => {
    const { scene, qa } = sampleDrawing('exist', 1, 4)
    const again = Array.from({ length: 50 }, (_, i) => findTask('exist').ask(scene, Rng.from(i, 'again')))
    for (const other of again) if (other?.question === qa.question) expect(other.answer).toBe(qa.answer)
    expect(sceneToSvg(scene)).toMatch(/^<svg .*<\/svg>$/)
  })
})
