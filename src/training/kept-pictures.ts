/** What of a frozen vision encoder a training reads: inputs of its program, so that it need not run at every step. */
import type { Architecture } from '../models/family.ts'
import type { View } from '../models/views/view.ts'
import { squareSide, type VisionFeatures, type VisionLayer } from '../models/vision-side.ts'
import { createScope, type Scope } from '../nn/index.ts'
import type { Pictures } from '../pipeline/flow/see.ts'
import type { Method } from '../pipeline/method/method.ts'
import { methodError } from '../pipeline/method/method-error.ts'
import { input, type Leaf, reshape, slice, type Tensor, topologicalOrder } from '../tensor/index.ts'
import { DEFAULT_SIZE } from '../world/index.ts'

/** Pixels of the model's own encoder, drawn anew at every step where it is trained. */
export const OWN_PIXELS = 'pixels'

/** Pixels of a further encoder, as it takes them, are drawn anew at every step. */
export const pixelInput = (encoder: string): string => `${OWN_PIXELS}.${encoder}`

/** Of the model's own encoder, features are kept where it is frozen. */
const hiddenInput = (layer: number): string => `hidden.${layer}`

/** What can be kept of features, by the names of inputs: the patches that the connector takes, and what each layer left. */
export const keptTensors = ({ patches, layers }: VisionFeatures): Record<string, Tensor> => ({
  patches,
  ...Object.fromEntries(layers.map(({ hidden }, layer) => [hiddenInput(layer), hidden])),
})

/** Some views of each image, of which there are `of`: from one on, up to another. */
export interface ViewRange {
  readonly of: number
  readonly from: number
  readonly to: number
}

/**
 * So many square views as a batch brings them: kept features, and pixels for the encoders that a method brings.
 * @param range which of them; all when absent
 */
export function keptPictures(architecture: Architecture, method: Method, views: number, range?: ViewRange): Pictures {
  const { special, grid, ...made } = squareFeatures(architecture)
  const within = (x: Tensor) => (range ? viewsIn(x, views / range.of, range) : x)
  const kept = ({ shape }: Tensor, name: string) => within(input(name, [views, ...shape.slice(1)]))
  const layers = made.layers.map(({ hidden }, layer) => keptLayer(kept(hidden, hiddenInput(layer)), method.name))
  const pixels = Object.entries(method.needs?.encoders ?? {}).map(([name, { side }]) => {
    return [name, within(input(pixelInput(name), [views, 3, side, side]))] as const
  })
  return {
    features: { layers, patches: kept(made.patches, 'patches'), special, grid },
    encoders: Object.fromEntries(pixels),
  }
}

/** The same as pixels, for trainings that change the encoder. */
export function drawnPictures(architecture: Architecture, method: Method, views: number, range?: ViewRange): Pictures {
  const side = squareSide(architecture.vision)
  const pixels = input(OWN_PIXELS, [views, 3, side, side])
  const { encoders } = keptPictures(architecture, method, views, range)
  return { pixels: range ? viewsIn(pixels, views / range.of, range) : pixels, encoders }
}

/** Views [b of, ...] -> [b (to - from), ...]. */
function viewsIn(x: Tensor, batch: number, { of, from, to }: ViewRange): Tensor {
  const [, ...shape] = x.shape
  return reshape(slice(reshape(x, [batch, of, ...shape]), 1, from, to), [batch * (to - from), ...shape])
}

/** What a layer left; the rest of it is not kept. Reading that throws FoveaError `method_unfit`. */
function keptLayer(hidden: Tensor, by: string): VisionLayer {
  const lost = (what: string) =>
    methodError(`${by} reads ${what} of the vision encoder, of which only states are kept for training`)
  return {
    hidden,
    get input(): never {
      throw lost('what a layer was given')
    },
    get keys(): never {
      throw lost('keys')
    },
    get attention(): never {
      throw lost('attention')
    },
    get logits(): never {
      throw lost('attention')
    },
  }
}

/** What the vision encoder makes of one square view, traced. */
export function squareFeatures({ vision }: Architecture, p: Scope = createScope(), batch = 1): VisionFeatures {
  const side = squareSide(vision)
  return vision.encode(p, input('pixels', [batch, 3, side, side]))
}

/** What a method makes of an image, before the vision encoder. */
export function viewsUnder(method: Method, architecture: Architecture, image: View['image']): readonly View[] {
  const own = architecture.prompt.views(image)
  return method.see?.views?.(own, { ...architecture, image }) ?? own
}

/** The views of a scene of the World: how many there are and what is written around them, its size decides alone. */
export function viewsOfScenes(method: Method, architecture: Architecture): readonly View[] {
  const data = new Uint8Array(3 * DEFAULT_SIZE ** 2)
  return viewsUnder(method, architecture, { data, width: DEFAULT_SIZE, height: DEFAULT_SIZE })
}

/** The inputs that tensors depend on, by name. */
export const inputsOf = (tensors: readonly Tensor[]): string[] =>
  topologicalOrder(tensors)
    .filter(({ op }) => op.name === 'input')
    .map(({ attrs }) => (attrs as Leaf).name)
