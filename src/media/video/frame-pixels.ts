/** The pixels of a decoded frame, whatever layout the decoder left them in. */
import type { VideoSample } from 'mediabunny'
import type { RgbImage } from '../image.ts'
import type { FrameSize } from './frame-source.ts'
import { oriented } from './orientation.ts'
import { type Component, type YuvFrame, yuvToRgb } from './yuv.ts'

interface Plane {
  readonly offset: number
  readonly stride: number
}

/** Copies a decoded frame as 8-bit sRGB, turned as it is to be shown; see-through pixels lie over white. */
export async function framePixels(sample: VideoSample): Promise<RgbImage> {
  const planar = /^I4(20|22|44)(A?)(?:P(10|12))?$/.exec(sample.format ?? '')
  const isYuv = planar || sample.format === 'NV12'
  // Any other layout is converted by the decoder itself.
  const options = isYuv || /^(RGB|BGR)[AX]$/.test(sample.format ?? '') ? undefined : ({ format: 'RGBA' } as const)
  const bytes = new Uint8Array(sample.allocationSize(options))
  const planes = await sample.copyTo(bytes, options)
  const { width, height } = sample.visibleRect
  const image = planar
    ? planarImage(bytes, planes, { width, height }, planar, sample)
    : isYuv
      ? yuvToRgb(interleavedChroma(bytes, planes, { width, height }), sample.colorSpace)
      : packedImage(bytes, planes[0], { width, height }, options?.format ?? sample.format!)
  return oriented(image, sample)
}

function planarImage(
  bytes: Uint8Array,
  planes: readonly Plane[],
  size: FrameSize,
  [, subsampling, alpha, bits]: RegExpExecArray,
  { colorSpace }: VideoSample,
): RgbImage {
  const depth = bits ? (Number(bits) as 10 | 12) : 8
  const [y, u, v, a] = planes.map((plane) => component(bytes, plane, depth))
  const [shiftX, shiftY] = [subsampling === '44' ? 0 : 1, subsampling === '20' ? 1 : 0] as const
  const image = yuvToRgb({ y, u, v, shiftX, shiftY, depth, ...size }, colorSpace)
  return alpha ? overWhite(image, a, 2 ** depth - 1) : image
}

/** Samples of more than 8 bits take two bytes each. */
function component(bytes: Uint8Array, { offset, stride }: Plane, depth: number): Component {
  if (depth === 8) return { data: bytes, start: offset, stride, step: 1 }
  const data = new Uint16Array(bytes.buffer, bytes.byteOffset, bytes.length >> 1)
  return { data, start: offset / 2, stride: stride / 2, step: 1 }
}

/** NV12: a plane of luma, and one in which the two chroma values take turns. */
function interleavedChroma(bytes: Uint8Array, [luma, chroma]: readonly Plane[], size: FrameSize): YuvFrame {
  const of = (start: number, stride: number, step: number): Component => ({ data: bytes, start, stride, step })
  return {
    y: of(luma.offset, luma.stride, 1),
    u: of(chroma.offset, chroma.stride, 2),
    v: of(chroma.offset + 1, chroma.stride, 2),
    shiftX: 1,
    shiftY: 1,
    depth: 8,
    ...size,
  }
}

/** Four bytes a pixel, red first or blue first, the last of them alpha or nothing. */
function packedImage(
  bytes: Uint8Array,
  { offset, stride }: Plane,
  { width, height }: FrameSize,
  format: string,
): RgbImage {
  const [red, blue] = format.startsWith('RGB') ? [0, 2] : [2, 0]
  const data = new Uint8Array(width * height * 3)
  for (let y = 0, to = 0; y < height; y++)
    for (let x = 0, from = offset + y * stride; x < width; x++, from += 4) {
      data[to++] = bytes[from + red]
      data[to++] = bytes[from + 1]
      data[to++] = bytes[from + blue]
    }
  const alpha = { data: bytes, start: offset + 3, stride, step: 4 }
  return format.endsWith('A') ? overWhite({ data, width, height }, alpha, 255) : { data, width, height }
}

function overWhite(image: RgbImage, { data: alpha, start, stride, step }: Component, most: number): RgbImage {
  const { data, width, height } = image
  const out = new Uint8ClampedArray(data.buffer)
  for (let y = 0, at = 0; y < height; y++)
    for (let x = 0; x < width; x++, at += 3) {
      const share = alpha[start + y * stride + x * step] / most
      for (let channel = at; channel < at + 3; channel++) out[channel] = 255 + (data[channel] - 255) * share
    }
  return image
}
