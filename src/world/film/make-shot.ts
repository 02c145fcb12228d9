import { makeBackground } from '../background.ts'
import type { Rng } from '../rng.ts'
import type { Art } from '../things/art.ts'
import { BACKDROPS } from '../things/backdrop.ts'
import { type CastOptions, candidates, makeFigure, makeThing, pickName } from '../things/cast.ts'
import { isHeldOutMotion } from '../things/held-out.ts'
import { type Item, nameOf } from '../things/item.ts'
import { withSight } from '../things/masks.ts'
import { findSpots } from '../things/spots.ts'
import type { Happening, HappeningKind, Shot } from './film.ts'
import { MAKE } from './happenings.ts'
import { areClear, sweptBox } from './paths.ts'
import { actorAt } from './state.ts'

export interface ShotOptions {
  readonly size: number
  readonly from: number
  readonly to: number
  readonly cast: CastOptions
  /** Names that the film has used. */
  readonly used: ReadonlySet<string>
  /** A happening that the shot must hold. */
  readonly must?: HappeningKind
  /** Whether the background moves in any case. */
  readonly drifts?: boolean
}

const WEIGHTS: Readonly<Record<HappeningKind | 'none', number>> = {
  none: 18,
  move: 30,
  enter: 16,
  leave: 10,
  recolor: 12,
  blink: 9,
  turn: 7,
  grow: 6,
  shrink: 6,
  collide: 8,
  hide: 8,
  flash: 12,
}

function pickActors({ size, cast, used, must }: ShotOptions, background: Shot['background'], rng: Rng): Item[] {
  const { vendor, things } = candidates(cast, rng)
  const names = new Set(used)
  const spots = findSpots(
    rng.int(must === 'collide' || must === 'hide' ? 2 : 1, 4),
    { size, radius: [0.08, 0.17] },
    rng,
  )
  return spots.flatMap((spot) => {
    const fresh = things.filter(({ name }) => !names.has(name))
    if (fresh.length === 0) return []
    const figure = rng.chance(0.15) ? makeFigure(spot, background, rng) : undefined
    const item = figure && !names.has(figure.shape) ? figure : makeThing(pickName(fresh, rng), vendor, spot, cast, rng)
    names.add(nameOf(item))
    return [item]
  })
}

/** Something that happens to an actor, or nothing. */
function pickHappening(options: ShotOptions, actors: readonly Item[], actor: number, rng: Rng): Happening[] {
  const kind = actor === 0 && options.must ? options.must : rng.weighted(WEIGHTS)
  if (kind === 'none') return []
  const { size, from, to } = options
  const made = MAKE[kind]({ size, from, to, actors, actor, rng })
  return made ? [{ kind, actor, ...made }] : []
}

/** The box that an actor passes over in the whole shot; growing counts. */
function reachOf(item: Item, happening: Happening | undefined) {
  const radius = happening?.kind === 'grow' ? 1.7 * item.radius : item.radius
  return sweptBox({ ...item, radius }, happening?.path)
}

/** Whether no actor gets in the way of another that does not mean it. */
function isClear({ actors, happenings }: Shot): boolean {
  const of = (actor: number) => happenings.find((happening) => happening.actor === actor)
  return actors.every((a, i) =>
    actors.slice(i + 1).every((b, k) => {
      const j = i + 1 + k
      const isMeant = of(i)?.other === j || of(j)?.other === i
      return isMeant ? !of(i)?.path !== !of(j)?.path : areClear([reachOf(a, of(i)), reachOf(b, of(j))])
    }),
  )
}

/** Actors that others bump into or hide behind stay as they are and where they are. */
const haveStillTargets = (happenings: readonly Happening[]): boolean =>
  happenings.every(({ other }) => other === undefined || happenings.every(({ actor }) => actor !== other))

/** Whether what hides cannot be seen. */
function hidesWell(shot: Shot, size: number, art: Art): boolean {
  return shot.happenings.every(({ kind, actor, to, other }) => {
    if (kind !== 'hide') return true
    const pair = [actor, other!].map((index) => actorAt(shot, index, to)!)
    return withSight(pair, size, art)[0].visible <= 0.08
  })
}

/** Whether training may not show how one of the actors moves. */
export const showsHeldOutMotion = ({ actors, happenings }: Shot): boolean =>
  happenings.some(({ kind, actor, direction }) => kind === 'move' && isHeldOutMotion(nameOf(actors[actor]), direction!))

/** Actors and what happens to them; undefined where what was drawn does not work out. */
export function tryShot(options: ShotOptions, rng: Rng): Shot | undefined {
  const { size, from, to, cast, must, drifts = false } = options
  const background = makeBackground(rng)
  const backdrop = rng.chance(0.5) || drifts ? { kind: rng.pick(BACKDROPS), seed: rng.uint32(), drift: 0 } : undefined
  const drift = backdrop && (rng.chance(0.4) || drifts) ? 0.06 : 0
  const actors = pickActors(options, background, rng)
  const happenings = actors.flatMap((_, actor) => pickHappening(options, actors, actor, rng))
  const shot: Shot = { from, to, background, ...(backdrop && { backdrop }), drift, actors, happenings }
  const holds = must === undefined || happenings.some(({ kind }) => kind === must)
  const works = actors.length > 0 && holds && isClear(shot) && haveStillTargets(happenings)
  return works && hidesWell(shot, size, cast.art) ? shot : undefined
}
