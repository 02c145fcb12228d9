import type { Layered, Method, ReadSide, SeeSide } from './method.ts'

/** One place where methods act, and how several share it. */
export interface Place {
  readonly side: 'see' | 'read'
  readonly name: keyof SeeSide | keyof ReadSide
  /** A point passes a value on; a stage lies around a step, perhaps around one of each layer; heads stand side by side. */
  readonly form: 'point' | 'stage' | 'layers' | 'heads'
  /** Where it runs: beside the programs, or traced into them. */
  readonly on: 'host' | 'graph'
}

/** All places, in the order in which a picture passes them. */
export const PLACES: readonly Place[] = [
  { side: 'see', name: 'views', form: 'point', on: 'host' },
  { side: 'see', name: 'layer', form: 'layers', on: 'graph' },
  { side: 'see', name: 'patches', form: 'point', on: 'graph' },
  { side: 'see', name: 'connector', form: 'stage', on: 'graph' },
  { side: 'see', name: 'tokens', form: 'point', on: 'graph' },
  { side: 'read', name: 'positions', form: 'point', on: 'host' },
  { side: 'read', name: 'sequence', form: 'point', on: 'graph' },
  { side: 'read', name: 'layer', form: 'layers', on: 'graph' },
  { side: 'read', name: 'attention', form: 'layers', on: 'graph' },
  { side: 'read', name: 'feedForward', form: 'layers', on: 'graph' },
  { side: 'read', name: 'linear', form: 'stage', on: 'graph' },
  { side: 'read', name: 'heads', form: 'heads', on: 'graph' },
]

/** The program that a place is traced into: that of views, that of a whole picture, or the language model's. */
export type PlaceProgram = 'views' | 'picture' | 'language'

export const programOf = ({ side, name, on }: Place): PlaceProgram | undefined => {
  if (on === 'host') return undefined
  if (side === 'read') return 'language'
  return name === 'tokens' ? 'picture' : 'views'
}

/** `see.patches`, as messages, entries of the catalogue and docs write it. */
export const placeName = ({ side, name }: Place): string => `${side}.${name}`

// biome-ignore lint/suspicious/noExplicitAny: places take different functions; `Method` types each where it is written
export type PlaceFunction = (...args: any[]) => any

/** What a method has at a place. */
export const at = (method: Method, { side, name }: Place): Layered<PlaceFunction> | undefined =>
  (method[side] as Readonly<Record<string, Layered<PlaceFunction>>> | undefined)?.[name]

/** The places that a method fills in, in order. */
export const placesOf = (method: Method): readonly Place[] => PLACES.filter((place) => at(method, place) !== undefined)

/** A method and the weights that it has: what was made under another name is of no use to it. */
export const cacheName = ({ name, adapter }: Method): string => (adapter ? `${name} with ${adapter.name}` : name)

/** Under which a program of a side, and its results, are kept: methods that leave a side alone share those of none. */
export const keyOf = (method: Method, side: Place['side']): string =>
  placesOf(method).some((place) => place.side === side) || replacesWeights(method) ? cacheName(method) : 'dense'

/** The same for one program: methods that it does not trace share that of none. */
export const programKey = (method: Method, program: PlaceProgram): string =>
  actsIn(method, program) || replacesWeights(method) ? cacheName(method) : 'dense'

export const actsIn = (method: Method, program: PlaceProgram): boolean =>
  placesOf(method).some((place) => programOf(place) === program)

/** Whether a method brings other weights for the model itself. */
const replacesWeights = ({ adapter }: Method): boolean =>
  [...(adapter?.entries.keys() ?? [])].some((weight) => !weight.startsWith('method.'))
