/** The small part of Canvas 2D that drawing needs, so that Node and browsers share the drawing code. */

/** A canvas that can be drawn on and written as PNG. */
export interface DrawingCanvas {
  context: Pick<
    OffscreenCanvasRenderingContext2D,
    'fillStyle' | 'strokeStyle' | 'lineWidth' | 'fillRect' | 'strokeRect' | 'imageSmoothingEnabled'
  >
  /** Draws `rgba` (`[height, width, 4]`) scaled to cover the whole canvas. */
  drawPixels(rgba: Uint8ClampedArray<ArrayBuffer>, width: number, height: number): void
  toPng(): Promise<Uint8Array>
}

export type CanvasFactory = (width: number, height: number) => DrawingCanvas

/** A canvas of the browser. */
export function createBrowserCanvas(width: number, height: number): DrawingCanvas {
  const canvas = new OffscreenCanvas(width, height)
  const context = canvas.getContext('2d')!
  return {
    context,
    drawPixels(rgba, sourceWidth, sourceHeight) {
      const source = new OffscreenCanvas(sourceWidth, sourceHeight)
      source.getContext('2d')!.putImageData(new ImageData(rgba, sourceWidth, sourceHeight), 0, 0)
      context.drawImage(source, 0, 0, width, height)
    },
    async toPng() {
      const blob = await canvas.convertToBlob({ type: 'image/png' })
      return new Uint8Array(await blob.arrayBuffer())
    },
  }
}
