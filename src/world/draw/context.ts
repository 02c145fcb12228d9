import type { Rgb } from '../vocabulary.ts'

/** The part of the Canvas 2D API that drawing uses; a browser's context and @napi-rs/canvas's both have it. */
export interface Canvas2D {
  fillStyle: unknown
  strokeStyle: unknown
  lineWidth: number
  lineJoin: unknown
  font: string
  textBaseline: unknown
  save(): void
  restore(): void
  beginPath(): void
  closePath(): void
  moveTo(x: number, y: number): void
  lineTo(x: number, y: number): void
  arc(x: number, y: number, radius: number, start: number, end: number, counterclockwise?: boolean): void
  rect(x: number, y: number, width: number, height: number): void
  fill(): void
  stroke(): void
  clip(): void
  fillRect(x: number, y: number, width: number, height: number): void
  fillText(text: string, x: number, y: number): void
  createLinearGradient(
    x0: number,
    y0: number,
    x1: number,
    y1: number,
  ): {
    addColorStop(offset: number, color: string): void
  }
  // biome-ignore lint/suspicious/noExplicitAny: the ImageData of a browser and of @napi-rs/canvas are different classes
  getImageData(x: number, y: number, width: number, height: number): any
  // biome-ignore lint/suspicious/noExplicitAny: as above
  putImageData(data: any, x: number, y: number): void
}

/** A CSS colour. */
export function css(rgb: Rgb): string {
  return `rgb(${rgb[0]},${rgb[1]},${rgb[2]})`
}
