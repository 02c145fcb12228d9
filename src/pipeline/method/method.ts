import type { RgbImage } from '../../media/image.ts'
import type { Video } from '../../media/video.ts'
import type { Architecture } from '../../models/family.ts'
import type { LanguageModel } from '../../models/language/language-model.ts'
import type { Asked, FeedForward } from '../../models/language/sequence.ts'
import type { PreprocessorConfig } from '../../models/views/image-processor.ts'
import type { View } from '../../models/views/view.ts'
import type { VisionTower } from '../../models/vision/tower.ts'
import type { LayerSteps, Patches, VisionLayer } from '../../models/vision-side.ts'
import type { LinearLayer, LinearPlace, Scope } from '../../nn/index.ts'
import type { Tensor } from '../../tensor/index.ts'
import type { Reply } from '../talk/reply.ts'
import type { Adapter } from './adapter.ts'
import type { Carrying, FramePlan } from './carrying.ts'
import type { Placement } from './placement.ts'
import type { Read, Sequence } from './sequence.ts'
import type { LogitsSite, OwnedStep, Request, Step, StepSite, TalkSite } from './talk-side.ts'
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
  /** In `see`, for methods that need it, where the views are tiles: the number of each in its image, from 0, i64 [b]. */
  readonly tile?: Tensor
  /** In `see`: embeddings of token ids as the language model has them, i64 [...] -> [..., d]. */
  readonly embed?: (ids: Tensor) => Tensor
  /** In `read`: the norm behind the last layer, where the model has one that any states can go through. */
  readonly norm?: (states: Tensor) => Tensor
  /** Tokens of the words that methods ask for, by their text. */
  readonly words: ReadonlyMap<string, number>
  /** In `see`, of a frame of a stream: what goes from frame to frame. */
  readonly stream?: Carrying
  /** In `read`: the values of a weight of the method's own, where they are known while it is traced: at inference. */
  readonly known?: (weight: Tensor) => Float32Array | undefined
  /** Notes that a place was reached. */
  readonly reached: (place: string) => void
}

export interface LayerSite extends Site {
  readonly layer: number
}

export interface EncoderSite extends LayerSite {
  /** What the encoder was given: views [b, 3, H, W], or clips [b, 3 frames, H, W]. */
  readonly pixels: Tensor
  /** The layers before. */
  readonly ran: readonly VisionLayer[]
  /** The steps of this layer, where the encoder can run some tokens through it alone. */
  readonly steps?: LayerSteps
}

export interface LinearSite extends Site, LinearPlace {
  /** Of linear layers within a layer of the language model: which that is, and the sequence that it was given. */
  readonly within?: { readonly layer: number; readonly input: Sequence }
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
  /** Host: chooses the frames of a video. */
  readonly frames?: Point<Video, Architecture>
  /** Host: chooses, cuts and resizes the views of an image. */
  readonly views?: Point<readonly View[], Picture>
  /** Around layers of the vision encoder. */
  readonly layer?: Layered<Stage<Patches, Patches, EncoderSite>>
  /** Between vision encoder and connector, where attention and keys of the encoder can be read. */
  readonly patches?: Point<VisualTokens>
  /** Around the connector. */
  readonly connector?: Stage<VisualTokens>
  /**
   * Between connector and language model: all views of a picture together, or all frames of a video, pooled and packed as
   * the family does. The vision encoder cannot be read here any more, but for what `noteSignal` kept of it.
   */
  readonly tokens?: Point<GatheredTokens>
}

/** What is said to a model: the text, and how the pictures stand in it, one placeholder each. */
export interface Said {
  readonly text: string
  readonly pictures: string
}

/** From a sequence to logits. */
export interface ReadSide {
  /** Host: writes the whole prompt of what is to be embedded; the chat template does when absent. */
  readonly prompt?: Point<Said, Architecture>
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
  readonly linear?: (x: Tensor, next: LinearLayer, at: LinearSite) => Tensor
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

/** The same conversation read another way, token by token beside the answer, with a cache of its own. */
export interface Branch extends Pick<Request, 'messages'> {
  /** Under what its pictures are encoded, and what reads them; as for the answer itself when absent. */
  readonly see?: Method
  readonly read?: Method
  /** A token that stands for each picture instead of its visual tokens. */
  readonly pictureToken?: number
  /** The part of a composed method that asked for it. */
  readonly by?: unknown
}

type Awaitable<T> = T | Promise<T>

/** From logits to an answer, all of it beside the programs. */
export interface TalkSide {
  /**
   * Around a whole answer: `next` asks the model, once or several times. What is asked with the request's own `messages`
   * goes on in the conversation. Text is handed on as it comes where `onText` is kept; what was handed on must be how the
   * text of the reply begins.
   */
  readonly answer?: Stage<Request, Promise<Reply>, TalkSite>
  /** Other readings of the same conversation, whose logits `logits` gets. */
  readonly branches?: (asked: Request, at: TalkSite) => readonly Branch[]
  /** The logits that the next token is chosen from; sampling options act on what comes out. */
  readonly logits?: Point<Float32Array, LogitsSite>
  /** After the prompt, each token of the answer and what a step fed were read. */
  readonly step?: (at: StepSite) => Awaitable<Step | readonly OwnedStep[] | undefined>
}

/** What a method asks of those who run it. */
export interface Needs {
  /** Encoders that see every view too, by name; `see` finds what they computed in `VisualTokens.encoders`. */
  readonly encoders?: Readonly<Record<string, FurtherEncoder>>
  /** Pictures are encoded anew for every question: `see` reads it. */
  readonly question?: true
  /** Views go through the encoder one at a time: what is left of each, only its pixels tell. */
  readonly alone?: true
  /** Views that are tiles of an image go through other programs than those that are the whole of one: `Site.tile` tells them apart. */
  readonly tiles?: true
  /** Every turn reads the whole conversation anew. */
  readonly prompt?: true
  /**
   * Words that prompts hold as one token each. What the model's tokenizer knows is the model's own; for the others the
   * method has a row each, in this order, in `method.<id>.words.embed` [n, d].
   */
  readonly words?: readonly string[]
  /**
   * Keys are kept before they are rotated, with their positions, so that a run can look at some rows and at other places.
   * Of a stream: how many tokens a frame looks back over, and how many frames a question takes in each layer; all when
   * absent.
   */
  readonly store?: { readonly local?: number; readonly frames?: number }
  /** What each frame of a stream, counted from 0, asks of `see`. */
  readonly frame?: (frame: number) => FramePlan
  /** Of how many layers of its own between those of a language model keys and values are kept (`LanguageModel.further`). */
  readonly layers?: (language: Pick<LanguageModel, 'layers'>) => number
  /** They can be said, too: the method has their rows `method.<id>.words.head` [n, d] of the head. */
  readonly says?: true
  /** It runs on a model as it is: weights that were trained for it are not looked for. */
  readonly untrained?: true
}

/**
 * A way of spending visual tokens, or of changing what a model makes of them. A method fills in only the places that it
 * needs, on three sides; those that are traced into the model's own programs cost nothing when absent.
 */
export interface Method {
  /**
   * Id and options, e.g. "fastv:layer=2,keep=0.5". Where `options` are given, compiled programs and encoded images are kept
   * under it; others are told apart by the functions that they are made of.
   */
  readonly name: string
  readonly needs?: Needs
  readonly see?: SeeSide
  readonly read?: ReadSide
  readonly talk?: TalkSide
  /** Its own weights, and those of the model that it replaces; looked for when a model runs it, where it has none. */
  readonly adapter?: Adapter
  /** Where to look: a folder, or a model of the hub; beside the model that runs it when absent. */
  readonly weights?: string
  /** Its options, defaults filled in; with the name they say all that it does. */
  readonly options?: Readonly<Record<string, unknown>>
  /** The same method with these options in the place of its defaults; what was stated stays. */
  readonly withDefaults?: (options: Readonly<Record<string, unknown>>) => Method
  /** Of several methods together: each of them. */
  readonly parts?: readonly Method[]
}

/** What a method does, without its name. */
export type PlaceFunctions = Omit<Method, 'name' | 'adapter' | 'weights' | 'options' | 'withDefaults' | 'parts'>

/** The first word of a method's name: where its weights lie. */
export const idOf = ({ name }: Pick<Method, 'name'>): string => name.split(':')[0]
