/** The Node twin of `createBrowserCanvas`. */
import type { DrawingCanvas } from './canvas.ts'
import { canvasPackage } from './canvas-package.ts'
import { type RgbImage, toRgba } from './image.ts'

/** A canvas of @napi-rs/canvas. Throws FoveaError kind `resource` `package_missing`. */
export function createNodeCanvas(width: number, height: number): DrawingCanvas {
  const { createCanvas, ImageData } = canvasPackage()
  const canvas = createCanvas(width, height)
  const context = canvas.getContext('2d')
  return {
    context: context as unknown as DrawingCanvas['context'],
    drawPixels(rgba, sourceWidth, sourceHeight) {
      const source = createCanvas(sourceWidth, sourceHeight)
      source.getContext('2d').putImageData(new ImageData(rgba, sourceWidth, sourceHeight), 0, 0)
      context.drawImage(source, 0, 0, width, height)
    },
    async toPng() {
      return new Uint8Array(await canvas.encode('png'))
    },
  }
}

/** An image as a PNG. Throws FoveaError kind `resource` `package_missing`. */
export function pngOf(image: RgbImage): Promise<Uint8Array> {
  const canvas = createNodeCanvas(image.width, image.height)
  canvas.drawPixels(toRgba(image), image.width, image.height)
  return canvas.toPng()
}
