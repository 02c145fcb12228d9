import { assertArgument } from '../../errors.ts'
import { type FurtherEncoder, idOf, type Layered, type Method, type Needs, type Site } from './method.ts'
import { methodError } from './method-error.ts'
import { joinAdapters } from './own-weights.ts'
import {
  at,
  PLACES,
  type Place,
  type PlaceFunction,
  type PlaceProgram,
  placeName,
  placesOf,
  programOf,
} from './places.ts'
import type { LogitsSite } from './talk-side.ts'

/**
 * Several methods as one: points run from left to right, stages are nested, the leftmost outermost. Throws FoveaError
 * `method_unfit` where a method acts before the one to its left.
 */
export function compose(...methods: readonly Method[]): Method {
  for (const method of methods) assertArgument('compose', 'a method', method, 'method')
  const parts = methods.flatMap((method) => method.parts ?? [method])
  parts.forEach((right, index) => {
    for (const left of parts.slice(0, index)) {
      assertOrder(left, right)
      assertHeads(left, right)
      assertLayersOfOne(left, right)
    }
  })
  const sides: Record<string, Record<string, unknown>> = {}
  for (const place of PLACES) {
    const present = parts.map((part) => bound(part, place)).filter((found) => found !== undefined)
    if (present.length > 0) sides[place.side] = { ...sides[place.side], [place.name]: joined(place, present) }
  }
  const encoders = joinEncoders(parts)
  const needs = parts.reduce<Needs>((all, part) => joinNeeds(all, part.needs), encoders ? { encoders } : {})
  return {
    name: methods.map((method) => method.name).join('+') || 'dense',
    ...(Object.keys(needs).length > 0 && { needs }),
    ...sides,
    adapter: joinAdapters(parts),
    parts,
  }
}

const joinNeeds = (all: Needs, needs: Needs = {}): Needs => ({
  ...all,
  ...needs,
  ...(all.encoders && { encoders: all.encoders }),
  ...((all.words || needs.words) && { words: [...new Set([...(all.words ?? []), ...(needs.words ?? [])])] }),
})

/** The encoders that parts bring, each with the id of its part; undefined where none brings any. */
function joinEncoders(parts: readonly Method[]): Needs['encoders'] {
  const all = new Map<string, FurtherEncoder>()
  for (const part of parts)
    for (const [name, encoder] of Object.entries(part.needs?.encoders ?? {})) {
      const [owner, other] = [idOf(part), all.get(name)?.owner]
      if (other) throw methodError(`${other} and ${part.name} both bring an encoder named ${name}; use one of the two`)
      all.set(name, { ...encoder, owner })
    }
  return all.size > 0 ? Object.fromEntries(all) : undefined
}

/** No method at all. */
export const dense: Method = compose()

/** Methods that were written by hand are bound to their weights as those of the catalogue are. */
export const composed = (method: Method): Method => (method.parts ? method : compose(method))

/** A method that acts wholly before the one written to its left would not see what that one left over. */
function assertOrder(left: Method, right: Method): void {
  // The talk side lies around and after all programs, in whatever order methods are written.
  const inPrograms = (method: Method) => placesOf(method).filter(({ side }) => side !== 'talk')
  const [earliest, latest] = [inPrograms(left)[0], inPrograms(right).at(-1)]
  if (!earliest || !latest || PLACES.indexOf(latest) >= PLACES.indexOf(earliest)) return
  throw methodError(
    `${right.name} cannot follow ${left.name}: it acts on ${placeName(latest)}, before ${left.name} acts on ` +
      `${placeName(earliest)}; put ${right.name} first`,
  )
}

/** Heads are told apart by name. */
function assertHeads(left: Method, right: Method): void {
  const name = Object.keys(right.read?.heads ?? {}).find((head) => left.read?.heads && head in left.read.heads)
  if (name === undefined) return
  throw methodError(`${left.name} and ${right.name} both have a head named ${name}; use one of the two`)
}

/** Caches of further layers are numbered for one method alone. */
function assertLayersOfOne(left: Method, right: Method): void {
  if (!left.needs?.layers || !right.needs?.layers) return
  throw methodError(`${left.name} and ${right.name} both put layers into the language model; use one of the two`)
}

/** What a part has at a place, reading weights of its own name and noting that it was reached. */
function bound(part: Method, place: Place): Layered<PlaceFunction> | undefined {
  const found = at(part, place)
  const bind = (f: PlaceFunction, what: string): PlaceFunction => {
    if (place.side === 'talk') return owned(f, part, place)
    if (place.on === 'host') return f
    return (...args) => {
      const site = args.pop() as Site
      site.reached(what)
      return f(...args, { ...site, p: site.p.at(idOf(part)) })
    }
  }
  if (typeof found === 'function') return bind(found, reachName(part, place))
  return found && mapValues(found, (f, key) => bind(f, reachName(part, place, key)))
}

/** What a part gives of its own is marked as its, and of branches it gets its own. */
function owned(f: PlaceFunction, part: Method, { form }: Place): PlaceFunction {
  const own = <T extends { by?: unknown }>(values: readonly T[]) => values.filter(({ by }) => by === part)
  if (form === 'point') return (row, site: LogitsSite) => f(row, { ...site, branches: own(site.branches) })
  if (form !== 'lists') return f
  const mark = (found: object | readonly object[] | undefined) =>
    [found ?? []].flat().map((each) => ({ ...each, by: part }))
  return (...args) => {
    const found = f(...args)
    return found instanceof Promise ? found.then(mark) : mark(found)
  }
}

/** How a function of a part is named among those that were reached. */
const reachName = (part: Method, place: Place, key?: string): string =>
  [part.name, placeName(place), ...(key === undefined ? [] : [key])].join(' ')

const mapValues = <A, B>(record: Readonly<Record<string, A>>, f: (value: A, key: string) => B): Record<string, B> =>
  Object.fromEntries(Object.entries(record).map(([key, value]) => [key, f(value, key)]))

function joined(place: Place, present: readonly Layered<PlaceFunction>[]): Layered<PlaceFunction> {
  if (place.form === 'heads') return Object.assign({}, ...present)
  if (place.form === 'lists') return lists(present as PlaceFunction[])
  if (place.form === 'layers') return nest(present.map(atItsLayers))
  return place.form === 'point' ? chain(present as PlaceFunction[]) : nest(present as PlaceFunction[])
}

const chain =
  (points: readonly PlaceFunction[]): PlaceFunction =>
  (value, site) =>
    points.reduce((x, point) => point(x, site), value)

/** What each of them gives, one list after another. */
const lists =
  (functions: readonly PlaceFunction[]): PlaceFunction =>
  (...args) => {
    const found = functions.map((f) => f(...args))
    return found.some((each) => each instanceof Promise) ? Promise.all(found).then((each) => each.flat()) : found.flat()
  }

const nest =
  (stages: readonly PlaceFunction[]): PlaceFunction =>
  (value, next, site) => {
    // What a stage gives `next` beside the value goes on to the step itself, unless a stage in between says otherwise.
    const around = (run: PlaceFunction, stage: PlaceFunction): PlaceFunction => {
      return (x, ...more) => stage(x, (y: unknown, ...own: unknown[]) => run(y, ...(own.length ? own : more)), site)
    }
    return stages.reduceRight(around, next)(value)
  }

/** A stage for every layer, out of one for some of them. */
function atItsLayers(found: Layered<PlaceFunction>): PlaceFunction {
  if (typeof found === 'function') return found
  return (value, next, site) => found[site.layer]?.(value, next, site) ?? next(value)
}

/** A trace of one program: what was reached in it, and whether that is everything. */
export function reachLog(method: Method, program: PlaceProgram) {
  const reached = new Set<string>()
  const assertAll = () => {
    for (const [index, part] of (method.parts ?? []).entries())
      for (const place of placesOf(part).filter((each) => programOf(each) === program))
        for (const name of reachNames(part, place)) if (!reached.has(name)) throw unreached(method, index, place)
  }
  return { reached: (name: string) => void reached.add(name), assertAll }
}

function reachNames(part: Method, place: Place): string[] {
  const found = at(part, place)
  if (typeof found === 'function') return [reachName(part, place)]
  return Object.keys(found ?? {}).map((key) => reachName(part, place, key))
}

function unreached({ parts = [] }: Method, index: number, place: Place) {
  const { name } = parts[index]
  const blocker = parts.slice(0, index).find((left) => at(left, place) !== undefined)
  const reason = blocker
    ? `${blocker.name}, left of it, does without what comes after it there; use one of the two`
    : 'this model has no such step; use another model or method'
  return methodError(`${name} acts on ${placeName(place)}, but is never reached: ${reason}`)
}
