import { isOwnWeight } from './adapter.ts'
import type { Layered, Method, ReadSide, SeeSide, TalkSide } from './method.ts'

/** One place where methods act, and how several share it. */
export interface Place {
  readonly side: 'see' | 'read' | 'talk'
  readonly name: keyof SeeSide | keyof ReadSide | keyof TalkSide
  /**
   * A point passes a value on; a stage lies around a step, perhaps around one of each layer; heads stand side by side, and
   * so does what each of several methods gives of its own.
   */
  readonly form: 'point' | 'stage' | 'layers' | 'heads' | 'lists'
  /** Where it runs: beside the programs, or traced into them. */
  readonly on: 'host' | 'graph'
}

/** All places, in the order in which a picture passes them; those of `talk` lie around and after all others. */
export const PLACES: readonly Place[] = [
  { side: 'see', name: 'frames', form: 'point', on: 'host' },
  { side: 'see', name: 'views', form: 'point', on: 'host' },
  { side: 'see', name: 'layer', form: 'layers', on: 'graph' },
  { side: 'see', name: 'patches', form: 'point', on: 'graph' },
  { side: 'see', name: 'connector', form: 'stage', on: 'graph' },
  { side: 'see', name: 'tokens', form: 'point', on: 'graph' },
  { side: 'read', name: 'prompt', form: 'point', on: 'host' },
  { side: 'read', name: 'positions', form: 'point', on: 'host' },
  { side: 'read', name: 'sequence', form: 'point', on: 'graph' },
  { side: 'read', name: 'layer', form: 'layers', on: 'graph' },
  { side: 'read', name: 'attention', form: 'layers', on: 'graph' },
  { side: 'read', name: 'feedForward', form: 'layers', on: 'graph' },
  { side: 'read', name: 'linear', form: 'stage', on: 'graph' },
  { side: 'read', name: 'heads', form: 'heads', on: 'graph' },
  { side: 'talk', name: 'answer', form: 'stage', on: 'host' },
  { side: 'talk', name: 'branches', form: 'lists', on: 'host' },
  { side: 'talk', name: 'logits', form: 'point', on: 'host' },
  { side: 'talk', name: 'step', form: 'lists', on: 'host' },
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

/**
 * Under which a program of some sides, and its results, are kept: parts that leave those sides alone do not count, the same
 * part with other weights does.
 */
export const keyOf = (method: Method, ...sides: readonly Place['side'][]): string =>
  keyWhere(method, ({ side }) => sides.includes(side))

/** The same for one program: methods that it does not trace share that of none. */
export const programKey = (method: Method, program: PlaceProgram): string =>
  keyWhere(method, (place) => programOf(place) === program)

export const actsIn = (method: Method, program: PlaceProgram): boolean =>
  placesOf(method).some((place) => programOf(place) === program)

/** Under which a program is kept that all of a method decides. */
export const wholeKey = (method: Method): string => keyOfParts(method.parts ?? [method])

const keyWhere = (method: Method, counts: (place: Place) => boolean): string =>
  keyOfParts((method.parts ?? [method]).filter((part) => replacesWeights(part) || placesOf(part).some(counts)))

const keyOfParts = (parts: readonly Method[]): string => parts.map(keyOfPart).join('+') || 'dense'

function keyOfPart({ name, options, see, read, adapter }: Method): string {
  // A name says what was built from options; one that somebody gave may be given twice.
  const own = options ? '' : [see, read].map((side) => (side ? `@${numberOf(side)}` : '')).join('')
  return `${name}${own}${adapter ? `#${adapter.hash ?? numberOf(adapter)}` : ''}`
}

/** Whether a method brings other weights for the model itself. */
const replacesWeights = ({ adapter }: Method): boolean =>
  [...(adapter?.entries.keys() ?? [])].some((weight) => !isOwnWeight(weight))

const numbers = new WeakMap<object, number>()
let numbered = 0

/** Methods that were written by hand, and adapters that were never a file, are told apart by being others. */
function numberOf(thing: object): number {
  const known = numbers.get(thing) ?? numbered++
  numbers.set(thing, known)
  return known
}
