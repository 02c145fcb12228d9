import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { Canvas } from '@napi-rs/canvas'
import { FoveaError } from '../errors.ts'
import { canvasPackage } from '../media/canvas-package.ts'
import { type Canvas2D, drawScene } from './draw.ts'
import { FONTS } from './fonts.ts'
import { nodeArt } from './node-art.ts'
import type { Scene } from './scene.ts'
import type { Art } from './things/art.ts'

let registered = false

/** Makes the fonts of the World known to @napi-rs/canvas, once per process: its threads share them. */
export function registerFonts(): void {
  if (registered) return
  const { GlobalFonts } = canvasPackage()
  for (const { family, file } of Object.values(FONTS)) {
    if (GlobalFonts.has(family)) continue
    const path = fileURLToPath(new URL(`./fonts/${file}`, import.meta.url))
    if (!existsSync(path) || !GlobalFonts.registerFromPath(path, family)) {
      throw new FoveaError('world-font', 'resource', `Cannot load the font ${path}: reinstall fovea to restore it`)
    }
  }
  registered = true
}

/** A canvas with the World's fonts registered. Throws FoveaError kind `resource` `package_missing`. */
export function createWorldCanvas(size: number): Canvas {
  registerFonts()
  return canvasPackage().createCanvas(size, size)
}

/** The art that a scene needs, if it needs any. */
const artFor = ({ items = [] }: Scene): Art | undefined =>
  items.some(({ kind }) => kind === 'thing') ? nodeArt() : undefined

/**
 * Draws a scene on a reused canvas of its size and returns its pixels, RGBA, row by row. Things are drawn from the
 * packages of `nodeArt` unless other art is given.
 */
export function renderPixels(
  scene: Scene,
  canvas = createWorldCanvas(scene.size),
  art: Art | undefined = artFor(scene),
): Uint8ClampedArray {
  const ctx = canvas.getContext('2d')
  drawScene(scene, ctx as Canvas2D, art)
  return ctx.getImageData(0, 0, scene.size, scene.size).data
}

/** Draws the scene of a sample as a PNG. */
export function renderSample(sample: { scene: Scene }): { png: Buffer } {
  const canvas = createWorldCanvas(sample.scene.size)
  drawScene(sample.scene, canvas.getContext('2d') as Canvas2D, artFor(sample.scene))
  return { png: canvas.toBuffer('image/png') }
}

function renderRgb(
  map: Uint8Array,
  size: number,
  color: (index: number) => readonly [number, number, number],
): Uint8Array {
  const canvas = canvasPackage().createCanvas(size, size)
  const ctx = canvas.getContext('2d')
  const image = ctx.createImageData(size, size)
  for (const [at, index] of map.entries()) image.data.set([...color(index), 255], 4 * at)
  ctx.putImageData(image, 0, 0)
  return canvas.toBuffer('image/png')
}

/** A map of items as a PNG: every pixel's gray is the index of the item that is seen there, plus one. */
export const renderMap = (map: Uint8Array, size: number): Uint8Array =>
  renderRgb(map, size, (index) => [index, index, index])

/** A map of items as a PNG for eyes: black where there is none, else a colour for each. */
export const renderColors = (map: Uint8Array, size: number): Uint8Array =>
  renderRgb(map, size, (index) =>
    index === 0 ? [0, 0, 0] : [(97 * index) % 256, (173 * index) % 256, 255 - ((61 * index) % 200)],
  )
