import type { View } from '../../models/views/view.ts'
import { methodError } from './method-error.ts'
import type { Sequence } from './sequence.ts'
import type { VisualTokens } from './visual-tokens.ts'

/**
 * A way of spending visual tokens. A method fills in only the places it needs; several compose left to right. The
 * places from `patches` on are traced into the model's own program, so they cost nothing when absent.
 */
export interface Method {
  /**
   * Id and options, e.g. "fastv:layer=2,keep=0.5". Compiled programs and encoded images are kept under this name, so
   * methods that do different things must have different names.
   */
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
  readonly vision: { readonly patchSize: number }
  readonly language: { readonly layers: number }
}

/** The places of a method in the order in which an image passes them. */
const PLACES = ['views', 'patches', 'tokens', 'decoder'] as const

const placesOf = (method: Method) => PLACES.filter((place) => method[place] !== undefined)

/** A method that acts wholly before the one written to its left would not see what that one left over. */
function assertOrder(left: Method, right: Method): void {
  const [earliest, latest] = [placesOf(left)[0], placesOf(right).at(-1)]
  if (earliest === undefined || latest === undefined || PLACES.indexOf(latest) >= PLACES.indexOf(earliest)) return
  throw methodError(
    `${right.name} cannot follow ${left.name}: it acts on ${latest}, before ${left.name} acts on ${earliest}; ` +
      `put ${right.name} first`,
  )
}

/**
 * Several methods as one: every place runs them left to right. Throws FoveaError `method_unfit` where a method acts
 * before the one to its left.
 */
export function compose(...methods: readonly Method[]): Method {
  methods.forEach((right, at) => {
    for (const left of methods.slice(0, at)) assertOrder(left, right)
  })
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
