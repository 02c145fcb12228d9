import type { Scope } from '../nn/index.ts'
import type { Tensor } from '../tensor/index.ts'
import type { Extent, View } from './views/view.ts'

/** What a model sees: from the pixels of a view to visual tokens, as tensor functions with the config bound. */
export interface VisionSide {
  /** Sides of views are multiples of this many pixels, but for `viewSize`. */
  readonly patchSize: number
  /** Side in pixels of a square view that the vision encoder was trained on. */
  readonly viewSize: number
  /** Beginnings of the names of weights that a checkpoint may hold and this side does not need. */
  readonly ignored?: readonly string[]
  /**
   * Of a connector that reads the question (the text after the images): folder of its tokenizer in the model folder, and
   * how many tokens it takes.
   */
  readonly question?: { readonly tokenizer: string; readonly maxTokens: number }
  /**
   * How many of the first layers of the language model are followed by something more of each visual token (DeepStack, Meng
   * et al., arXiv 2406.04334); none when absent.
   */
  readonly deepLayers?: number
  /** Patches of a view of this size. */
  grid(view: View): Grid
  /** Pixels [b, 3, H, W] -> vision features. Of a clip [b, 3 frames, H, W], the frames of a channel side by side. */
  encode(p: Scope, pixels: Tensor, stages?: EncoderStages): VisionFeatures
  /** Patch tokens [b, n, d vision] -> visual tokens [b, n, d text], or another number of them. */
  connect(p: Scope, patches: Tensor, context: ConnectorContext): Tensor | ResampledTokens
  /** The embedding of a separator between rows of a packed image, [d text]. */
  separator?(p: Scope): Tensor
}

/** Patches on their way through a vision encoder. */
export interface Patches {
  /** [b, special + m, d], special tokens (CLS) first. */
  readonly states: Tensor
  readonly special: number
  /** Of the view, before anything was dropped or merged. */
  readonly grid: Grid
  /** For each patch of the view the row behind the special ones that it is part of, or -1: i64 [b, n]; its own when absent. */
  readonly owner?: Tensor
  /** Who dropped or merged patches, in order. */
  readonly changedBy?: readonly string[]
  /** Where some patches were dropped and none merged: those that are left, as the rows behind the special ones are. */
  readonly kept?: KeptPatches
  /** What methods leave for later layers and for places behind them, by name. */
  readonly notes?: Readonly<Record<string, Tensor>>
}

/** Patches of a view that are left, in whole squares. */
export interface KeptPatches {
  /** Their numbers in raster order of the view, one square behind the other, each in raster order: i64 [1, m]. */
  readonly numbers: Tensor
  /** Patches along a side of a square. */
  readonly side: number
}

/** The steps of one layer of a vision encoder, for methods that run only some tokens through them: [b, s, d] each. */
export interface LayerSteps {
  readonly heads: number
  /** States as attention takes them. */
  normed(x: Tensor): Tensor
  /** Of normalised states, heads side by side. */
  queries(y: Tensor): Tensor
  keys(y: Tensor): Tensor
  values(y: Tensor): Tensor
  /** What the heads bring together -> what attention adds to the states. */
  projected(mixed: Tensor): Tensor
  /** States -> what the feed-forward layer adds to them. */
  feedForward(x: Tensor): Tensor
}

/** What may be put around the layers of a vision encoder; `next` is the layer as it is. */
export interface EncoderStages {
  /** @param steps of encoders whose layers can be run in part */
  layer?(
    index: number,
    input: Patches,
    next: (input: Patches) => Patches,
    ran: readonly VisionLayer[],
    steps?: LayerSteps,
  ): Patches
}

/** Runs patches through the layers of a vision encoder; `outputs` are its input and what each layer left. */
export function throughEncoder(
  start: Patches,
  count: number,
  stages: EncoderStages | undefined,
  run: (index: number, states: Tensor, input: Patches) => Omit<VisionLayer, 'input'>,
  stepsOf?: (index: number) => LayerSteps,
): { readonly layers: readonly VisionLayer[]; readonly outputs: readonly Patches[] } {
  const layers: VisionLayer[] = []
  const outputs = [start]
  for (let index = 0; index < count; index++) {
    const input = outputs[index]
    const next = (input: Patches): Patches => {
      layers[index] = { ...run(index, input.states, input), input }
      return { ...input, states: layers[index].hidden }
    }
    outputs.push(stages?.layer ? stages.layer(index, input, next, layers, stepsOf?.(index)) : next(input))
  }
  layers.length = count // layers that a method did without have no entry
  return { layers, outputs }
}

/** What one layer of a vision encoder computed; special tokens (CLS) come first. */
export interface VisionLayer {
  /** The patches that it was given. */
  readonly input: Patches
  /** Output, [b, special + n, d]. */
  readonly hidden: Tensor
  /** Keys as they are projected, before heads are split, normalised or turned: [b, special + n, d]. */
  readonly keys: Tensor
  /** softmax(q k^T), [b, h, special + n, special + n]. */
  readonly attention: Tensor
  /** q k^T / sqrt(d), of the same shape. */
  readonly logits: Tensor
}

/** The layer that left an output, the first of which is the input of all layers; both negative from the end. */
export const layerBefore = (output: number): number => (output > 0 ? output - 1 : output)

/** Everything a vision encoder computed. What is not used is not executed. */
export interface VisionFeatures {
  readonly layers: readonly VisionLayer[]
  /** Patch tokens as the connector takes them, [b, n, d]. */
  readonly patches: Tensor
  /** Tokens before the patches in every layer (1 with CLS). */
  readonly special: number
  /** The layer whose output the connector takes, negative from the end; the last when absent. */
  readonly featureLayer?: number
  /** Special tokens that the connector takes beside the patches, [b, special, d]. */
  readonly specialTokens?: Tensor
  readonly grid: Grid
  /** What the token of each patch is given behind the first layers of the language model, side by side: [b, n, layers * d text]. */
  readonly deep?: Tensor
  /** Where the patches of the view went if not all of them are left, as in `Patches`. */
  readonly owner?: Tensor
  readonly changedBy?: readonly string[]
}

/** What a connector may look at beside the patches. */
export interface ConnectorContext {
  /** Everything the vision encoder computed; a method may have dropped some of its patches. */
  readonly vision: VisionFeatures
  /** Token ids of the question, i64 [1, t]; present where the vision side has a `question`. */
  readonly question?: Tensor
}

/** Visual tokens of a connector that does not make one of each patch. */
export interface ResampledTokens {
  /** [b, m, d text] */
  readonly states: Tensor
  /** For each patch the token that it counts to, i64 [b, n]. */
  readonly assignment: Tensor
}

export interface Grid {
  readonly rows: number
  readonly columns: number
  /** Places in time of the clips of a video, whose grids lie one behind the other; a still image is one at 0. */
  readonly times?: readonly number[]
}

/** Patches that lie in a view as a whole; what is left beside them is not seen. */
export const wholePatches = ({ width, height }: Extent, patch: number): Grid => ({
  rows: Math.floor(height / patch),
  columns: Math.floor(width / patch),
})

/** Patches that a view is filled with; a view that they do not fill has a fraction of one, and is refused. */
export const fillingPatches = ({ width, height }: Extent, patch: number): Grid => ({
  rows: height / patch,
  columns: width / patch,
})

/** Enough along a side for what methods do with a grid. */
const SOME_PATCHES = 8

/** Side in pixels of a square view to trace with: the one that an encoder was trained on, some patches where it takes any size. */
export const squareSide = ({ viewSize, patchSize }: Pick<VisionSide, 'viewSize' | 'patchSize'>): number =>
  viewSize > patchSize ? viewSize : SOME_PATCHES * patchSize
