import type { View } from '../models/family.ts'
import type { Sequence } from './sequence.ts'
import type { VisualTokens } from './visual-tokens.ts'

/**
 * A way of spending visual tokens. A method fills in only the places it needs; several compose left to right. The
 * places from `patches` on are traced into the model's own program, so they cost nothing when absent.
 */
export interface Method {
  /** Id and options as the user wrote them, e.g. "fastv:keep=0.5,layer=2". */
  readonly name: string
  /** Host: chooses, cuts and resizes the views of an image. */
  readonly views?: (views: readonly View[], model: ModelShape) => readonly View[]
  /** Graph: between vision encoder and connector, where attention and keys of the encoder can be read. */
  readonly patches?: (tokens: VisualTokens) => VisualTokens
  /** Graph: between connector and language model. */
  readonly tokens?: (tokens: VisualTokens) => VisualTokens
  readonly decoder?: {
    /** Graph: rewrites the sequence before a layer (0-based) of the language model. */
    readonly beforeLayer?: Readonly<Record<number, (seq: Sequence) => Sequence>>
  }
}

/** What a method may ask about the model on the host. */
export interface ModelShape {
  readonly patchSize: number
  readonly layers: number
}

/** Several methods as one: every place runs them left to right. */
export function compose(...methods: readonly Method[]): Method {
  const chain = <T, Rest extends unknown[]>(steps: readonly (((value: T, ...rest: Rest) => T) | undefined)[]) => {
    const present = steps.filter((step) => step !== undefined)
    if (present.length === 0) return undefined
    return (value: T, ...rest: Rest) => present.reduce((current, step) => step(current, ...rest), value)
  }
  const layers = new Set(methods.flatMap((m) => Object.keys(m.decoder?.beforeLayer ?? {}).map(Number)))
  const beforeLayer = Object.fromEntries(
    [...layers].map((layer) => [layer, chain(methods.map((m) => m.decoder?.beforeLayer?.[layer]))!]),
  )
  return {
    name: methods.map((method) => method.name).join('+') || 'dense',
    views: chain(methods.map((m) => m.views)),
    patches: chain(methods.map((m) => m.patches)),
    tokens: chain(methods.map((m) => m.tokens)),
    ...(layers.size > 0 && { decoder: { beforeLayer } }),
  }
}

/** No method at all. */
export const dense: Method = compose()
