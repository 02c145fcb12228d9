import { drawBackground } from './draw/background.ts'
import { drawChart, drawRules } from './draw/chart.ts'
import type { Canvas2D } from './draw/context.ts'
import { drawObject } from './draw/object.ts'
import { drawText } from './draw/text.ts'
import { Rng } from './rng.ts'
import type { Scene } from './scene.ts'
import type { Art } from './things/art.ts'
import { paintGround, paintItems } from './things/paint-scene.ts'

export type { Canvas2D } from './draw/context.ts'

/** Adds uniform noise of up to `scene.noise` to every channel, three channels from one random number. */
function addNoise(scene: Scene, ctx: Canvas2D): void {
  const image = ctx.getImageData(0, 0, scene.size, scene.size)
  const pixels: Uint8ClampedArray = image.data
  const rng = Rng.from(scene.seed, 'noise')
  const scale = (2 * scene.noise) / 1023
  for (let i = 0; i < pixels.length; i += 4) {
    const bits = rng.uint32()
    pixels[i] += (bits & 1023) * scale - scene.noise
    pixels[i + 1] += ((bits >>> 10) & 1023) * scale - scene.noise
    pixels[i + 2] += ((bits >>> 20) & 1023) * scale - scene.noise
  }
  ctx.putImageData(image, 0, 0)
}

/** Ground and items are painted without the canvas, which only knows charts, rules and letters. */
function drawThings(scene: Scene, ctx: Canvas2D, art: Art | undefined): void {
  const { size, chart, grid } = scene
  const surface = paintGround(scene)
  const image = ctx.getImageData(0, 0, size, size)
  const put = () => {
    image.data.set(surface.data)
    ctx.putImageData(image, 0, 0)
  }
  if (chart || grid) {
    put()
    if (grid) drawRules(grid, ctx)
    if (chart) drawChart(chart, ctx)
    surface.data.set(ctx.getImageData(0, 0, size, size).data)
  }
  paintItems(surface, scene, art)
  put()
}

/**
 * Draws a scene over the top left `scene.size` x `scene.size` pixels of a canvas. The same scene gives the same pixels
 * on the same canvas implementation. The fonts of `fonts.ts` must be registered under their family names. Scenes with
 * things need the art that they are drawn with.
 */
export function drawScene(scene: Scene, ctx: Canvas2D, art?: Art): void {
  if (scene.items) drawThings(scene, ctx, art)
  else {
    drawBackground(scene.background, scene.size, ctx)
    if (scene.grid) drawRules(scene.grid, ctx)
    if (scene.chart) drawChart(scene.chart, ctx)
  }
  for (const object of scene.objects) drawObject(object, ctx)
  for (const word of scene.words) drawText(word, ctx)
  if (scene.noise > 0) addNoise(scene, ctx)
}
