import { resizeImage } from '../../media/image.ts'
import { filterOf, modelPixels, type PreprocessorConfig } from '../../models/views/image-processor.ts'
import type { View } from '../../models/views/view.ts'
import { f32, i64, joinFloats, type Value } from '../../runtime/index.ts'
import { type Dim, input, type Tensor } from '../../tensor/index.ts'
import type { Method } from '../method/method.ts'
import { methodError } from '../method/method-error.ts'
import type { Pictures } from './see.ts'

export type Shaped = Pick<View, 'width' | 'height' | 'clip' | 'pool' | 'tile'>

/** Pixels of a view for the model's own encoder and, by name, for those that a method brings. */
export interface ViewPixels {
  readonly own: Float32Array
  readonly encoders: Readonly<Record<string, Float32Array>>
  /** Which tile of its image the view is, from 0. */
  readonly tile?: number
}

/** Encoders that a method brings see a view as a square of their own size, whatever its shape. */
export function viewPixels(view: View, config: PreprocessorConfig, method: Method): ViewPixels {
  const seen = further(method).map(([name, { side, processor }]) => {
    return [name, pixelsOf({ ...view, width: side, height: side }, processor)] as const
  })
  return { own: pixelsOf(view, config), encoders: Object.fromEntries(seen) }
}

const further = ({ needs }: Method) => Object.entries(needs?.encoders ?? {})

const OWN = 'pixels'
const pixelsName = (encoder: string): string => `${OWN}.${encoder}`

/** [views, 3, height, width], or [views, 3 frames, height, width] of clips. */
const pixelShape = <Views extends Dim>({ width, height, clip }: Shaped, views: Views) =>
  [views, 3 * (clip?.frames.length ?? 1), height, width] as const

/** Pixels of so many views of a size, for the model's own encoder and for those that a method brings. */
export const pixelInputs = (method: Method, view: Shaped, views: Dim): PixelInputs => ({
  pixels: input(OWN, pixelShape(view, views)),
  encoders: furtherInputs(method, view, views),
  ...(isTileFor(method, view) && { tile: input('tile', [views], 'i64') }),
})

/** Whether a view is a tile, and a method wants to know. */
export const isTileFor = ({ needs }: Method, { tile }: Shaped): boolean => needs?.tiles === true && tile !== undefined

type PixelInputs = Pick<Pictures, 'encoders' | 'tile'> & { readonly pixels: Tensor }

/** What is fed to them, by their names. */
export function pixelFeeds(method: Method, view: Shaped, pixels: readonly ViewPixels[]): Record<string, Value> {
  const fed = (shape: readonly number[], parts: readonly Float32Array[]) => f32(shape, joinFloats(parts))
  const others = further(method).map(([name, { side }]) => {
    const parts = pixels.map(({ encoders }) => encoders[name])
    return [pixelsName(name), fed([pixels.length, 3, side, side], parts)] as const
  })
  const own = fed(
    pixelShape(view, pixels.length),
    pixels.map(({ own }) => own),
  )
  const tiles = i64(
    [pixels.length],
    pixels.map(({ tile = 0 }) => tile),
  )
  return { [OWN]: own, tile: tiles, ...Object.fromEntries(others) }
}

/** Further encoders take still images. Throws FoveaError `method_unfit` for clips of frames that are encoded as one. */
function furtherInputs(method: Method, { clip }: Shaped, views: Dim): Pictures['encoders'] {
  const encoders = further(method)
  if (clip && encoders.length > 0)
    throw methodError(
      `${method.name} brings encoders of still images, but this model encodes clips of ${clip.frames.length} frames; give frames as images`,
    )
  return Object.fromEntries(encoders.map(([name, { side }]) => [name, input(pixelsName(name), [views, 3, side, side])]))
}

/**
 * A view as the encoder takes it: resized and normalised, [3, height, width], or [3, frames, height, width] of a clip.
 */
export function pixelsOf({ image, width, height, clip }: View, config: PreprocessorConfig): Float32Array {
  const [first, ...others] = (clip?.frames ?? [image]).map((frame) => {
    const fits = frame.width === width && frame.height === height
    const resized = fits ? frame : resizeImage(frame, width, height, filterOf(config))
    return modelPixels(resized, config)
  })
  return others.length ? byChannel([first, ...others], width * height) : first
}

/** Frames [3, height, width] -> [3, frames, height, width]. */
function byChannel(frames: readonly Float32Array[], plane: number): Float32Array {
  const stacked = new Float32Array(3 * frames.length * plane)
  for (const [at, frame] of frames.entries())
    for (let channel = 0; channel < 3; channel++)
      stacked.set(frame.subarray(channel * plane, (channel + 1) * plane), (channel * frames.length + at) * plane)
  return stacked
}
