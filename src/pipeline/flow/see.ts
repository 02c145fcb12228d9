import type { Architecture } from '../../models/family.ts'
import type { EncoderStages, VisionFeatures } from '../../models/vision-side.ts'
import type { Scope } from '../../nn/index.ts'
import type { Tensor } from '../../tensor/index.ts'
import type { Carrying } from '../method/carrying.ts'
import { reachLog } from '../method/compose.ts'
import { assertLayers } from '../method/layers.ts'
import type { FurtherEncoder, Layered, Method, SeeSide, Site, Stage } from '../method/method.ts'
import { methodError } from '../method/method-error.ts'
import { allPatches, connectorOf, meanSignals, regroup, type VisualTokens } from '../method/visual-tokens.ts'
import { gatherViews } from './gather.ts'
import type { Packing } from './pack.ts'
import { poolPatches } from './pool.ts'

/** What pictures come as: as pixels, or as what the vision encoder made of them before. */
export type Pictures = (Pixels | Features) & {
  /** The same views for the further encoders of the method, by name: [b, 3, S, S] each. */
  readonly encoders?: Readonly<Record<string, Tensor>>
  /** Token ids of the question, i64 [1, t], for a connector or a method that reads it. */
  readonly question?: Tensor
  /** Where the views are tiles of images: the number of each in its image, from 0, i64 [b]. */
  readonly tile?: Tensor
  /** Of frames of a stream: what goes from one to the next. */
  readonly stream?: Carrying
  /** Side of the squares of patches that become one token each; 1 when absent. */
  readonly pool?: number
}

interface Pixels {
  /** Views of one size, [b, 3, H, W], or clips, [b, 3 frames, H, W]. */
  readonly pixels: Tensor
}

interface Features {
  /** Of square views; where only patches were kept, there are no layers for methods to read. */
  readonly features: VisionFeatures
}

/** The only way from pixels to visual tokens: compiled, differentiated and checked alike. */
export function see(
  p: Scope,
  architecture: Architecture,
  method: Method,
  pictures: Pictures,
  packing?: Packing,
): VisualTokens {
  const { question, stream } = pictures
  const options = { packing, question, stream }
  return gatherViews(p, architecture, method, seeViews(p, architecture, method, pictures), options)
}

/** The first half of it: what each view becomes by itself, [v, m, d]. */
export function seeViews(p: Scope, architecture: Architecture, method: Method, pictures: Pictures): VisualTokens {
  const { question, stream, pool = 1, tile } = pictures
  const { name, vision } = architecture
  const log = reachLog(method, 'views')
  const at: Site = {
    p: p.at('method'),
    architecture,
    memory: {},
    words: new Map(),
    question,
    tile,
    embed: (ids) => architecture.language.embed(p, ids),
    stream,
    reached: log.reached,
  }
  const places = method.see ?? {}
  const features = encode(p, architecture, method, pictures, at)
  const own = (tokens: VisualTokens): VisualTokens => {
    const made = vision.connect(p, tokens.states, { vision: tokens.vision, question })
    if (!('assignment' in made)) return { ...tokens, states: made }
    // Tokens of a connector that resamples are no patches: methods after it cannot read the encoder by patch.
    const regrouped = regroup(tokens, made.states, made.assignment, connectorOf(name))
    return { ...regrouped, signals: meanSignals(tokens.signals, made.assignment, made.states.shape[1]) }
  }
  const patches = allPatches(features, encodeFurther(p, method, pictures))
  const chosen = places.patches?.(patches, at) ?? patches
  const pooled = poolPatches(chosen, pool, name)
  const connected = places.connector?.(pooled, own, at) ?? own(pooled)
  log.assertAll()
  return connected
}

function encodeFurther(p: Scope, { needs }: Method, { encoders: pixels = {} }: Pictures): VisualTokens['encoders'] {
  const run = ([name, { tower, owner }]: [string, FurtherEncoder]) => {
    const scope = p.at('method', owner!, 'encoders', name)
    return [name, { ...tower.encode(scope, pixels[name]), special: tower.special }] as const
  }
  return Object.fromEntries(Object.entries(needs?.encoders ?? {}).map(run))
}

/** Runs the vision encoder, where it has not run before. */
function encode(p: Scope, { vision }: Architecture, method: Method, pictures: Pictures, at: Site): VisionFeatures {
  const { layer } = method.see ?? {}
  if ('features' in pictures) {
    if (layer) throw methodError(`${method.name} acts inside the vision encoder, whose features were kept; encode anew`)
    if (vision.deepLayers && !pictures.features.deep)
      throw methodError(`${method.name} is given kept patches, but this model takes more of its encoder; encode anew`)
    return pictures.features
  }
  const features = vision.encode(p, pictures.pixels, encoderStages(layer, at, pictures.pixels))
  assertLayers(method, 'see', features.layers.length)
  return features
}

function encoderStages(stage: SeeSide['layer'], at: Site, pixels: Tensor): EncoderStages | undefined {
  if (!stage) return undefined
  const around = whole(stage)
  return { layer: (layer, input, next, ran, steps) => around(input, next, { ...at, layer, ran, steps, pixels }) }
}

/** Composed methods have one function for all layers. */
export function whole<X, Y, At>(stage: Layered<Stage<X, Y, At>>): Stage<X, Y, At> {
  if (typeof stage === 'function') return stage
  throw new Error('a method must be composed before it is traced')
}
