import type { RgbImage } from '../../media/image.ts'
import type { Architecture } from '../../models/family.ts'
import type { Asked, FeedForward } from '../../models/language/sequence.ts'
import type { PreprocessorConfig } from '../../models/views/image-processor.ts'
import type { View } from '../../models/views/view.ts'
import type { VisionTower } from '../../models/vision/tower.ts'
import type { Patches, VisionLayer } from '../../models/vision-side.ts'
import type { LinearPlace, Scope } from '../../nn/index.ts'
import type { Tensor } from '../../tensor/index.ts'
import type { Adapter } from './adapter.ts'
import type { Placement } from './placement.ts'
import type { Read, Sequence } from './sequence.ts'
import type { GatheredTokens, VisualTokens } from './visual-tokens.ts'

/** What a place may read beside its value. */
export interface Site {
  /** Weights of the method's own, `method.<id>.*`. A weight is declared where it is used, its first value beside it. */
  readonly p: Scope
  readonly architecture: Architecture
  /** In `read`: what `see` left under these names, all rows of the prompt's pictures together, [1, n, d]. */
  readonly memory: Readonly<Record<string, Tensor>>
  /** In `see`: token ids of the question, i64 [1, t], for methods that need it. */
  readonly question?: Tensor
  /** Notes that a place was reached. */
  readonly reached: (place: string) => void
}

export interface LayerSite extends Site {
  readonly layer: number
}

export interface EncoderSite extends LayerSite {
  /** The layers before. */
  readonly ran: readonly VisionLayer[]
}

export interface PartSite extends LayerSite {
  /** The sequence that the layer was given. */
  readonly input: Sequence
}

/** Between two steps: a value goes in, a value comes out. Several run from left to right. */
export type Point<X, At = Site> = (x: X, at: At) => X

/** Around a step: `next` is the step as it is without this. Several are nested, the leftmost outermost. */
export type Stage<X, Y = X, At = Site> = (x: X, next: (x: X) => Y, at: At) => Y

/** The same around every layer, or around those that are named, counted from 0. */
export type Layered<S> = S | Readonly<Record<number, S>>

/** What is looked at, and by which model. */
export interface Picture extends Architecture {
  /** The whole image that the views are cut out of; absent where they are frames of a video. */
  readonly image?: RgbImage
}

/** From pixels to visual tokens. */
export interface SeeSide {
  /** Host: chooses, cuts and resizes the views of an image. */
  readonly views?: Point<readonly View[], Picture>
  /** Around layers of the vision encoder. */
  readonly layer?: Layered<Stage<Patches, Patches, EncoderSite>>
  /** Between vision encoder and connector, where attention and keys of the encoder can be read. */
  readonly patches?: Point<VisualTokens>
  /** Around the connector. */
  readonly connector?: Stage<VisualTokens>
  /**
   * Between connector and language model: all views of a picture together, pooled and packed as the family does. The vision
   * encoder cannot be read here any more, but for what `noteSignal` kept of it.
   */
  readonly tokens?: Point<GatheredTokens>
}

/** From a sequence to logits. */
export interface ReadSide {
  /** Host: where the slots of a chunk stand for the rotary embedding; asked for every chunk, those of an answer too. */
  readonly positions?: Point<Placement, Architecture>
  /** The prompt before the first layer. */
  readonly sequence?: Point<Sequence>
  /** Around layers of the language model. */
  readonly layer?: Layered<Stage<Sequence, Sequence, LayerSite>>
  /** Around the attention of layers: what it looks at, to what its heads bring together. */
  readonly attention?: Layered<Stage<Asked, Tensor, PartSite>>
  /** Around feed-forward layers: normalised states to what is added to them, [b, s, d]; `next` may use some neurons only. */
  readonly feedForward?: Layered<(x: Tensor, next: FeedForward, at: PartSite) => Tensor>
  /** Around every linear layer of the language model. */
  readonly linear?: Stage<Tensor, Tensor, Site & LinearPlace>
  /** Further outputs, by name. */
  readonly heads?: Readonly<Record<string, (read: Read, at: Site) => Tensor>>
}

/** A vision encoder beside the model's own; its weights are `method.<id>.encoders.<name>.*`. */
export interface FurtherEncoder {
  readonly tower: VisionTower
  /** Pixels along a side of the square that it sees of a view. */
  readonly side: number
  /** How the pixels of that are made. */
  readonly processor: PreprocessorConfig
  /** Of methods together: the id of the one that brings it. */
  readonly owner?: string
}

/** What a method asks of those who run it. */
export interface Needs {
  /** Encoders that see every view too, by name; `see` finds what they computed in `VisualTokens.encoders`. */
  readonly encoders?: Readonly<Record<string, FurtherEncoder>>
  /** Pictures are encoded anew for every question: `see` reads it. */
  readonly question?: true
  /** Every turn reads the whole conversation anew. */
  readonly prompt?: true
}

/**
 * A way of spending visual tokens, or of changing what a model makes of them. A method fills in only the places that it
 * needs, on two sides; those that are traced into the model's own programs cost nothing when absent.
 */
export interface Method {
  /**
   * Id and options, e.g. "fastv:layer=2,keep=0.5". Compiled programs and encoded images are kept under this name, so
   * methods that do different things must have different names.
   */
  readonly name: string
  readonly needs?: Needs
  readonly see?: SeeSide
  readonly read?: ReadSide
  /** Its own weights, and those of the model that it replaces. */
  readonly adapter?: Adapter
  /** Of several methods together: each of them. */
  readonly parts?: readonly Method[]
}

/** What a method does, without its name. */
export type PlaceFunctions = Omit<Method, 'name' | 'adapter' | 'parts'>

/** The first word of a method's name: where its weights lie. */
export const idOf = ({ name }: Pick<Method, 'name'>): string => name.split(':')[0]
