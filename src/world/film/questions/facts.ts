import { toThousandths } from '../../geometry.ts'
import type { PhraseKey } from '../../language/index.ts'
import { say, type WorldTongue } from '../../language/index.ts'
import type { QA } from '../../questions/task.ts'
import type { Rng } from '../../rng.ts'
import { type Item, nameOf } from '../../things/item.ts'
import { theOf } from '../../things/questions/names.ts'
import { type Film, type Happening, type Shot, seconds } from '../film.ts'
import { actorAt, isHidden, shownAt } from '../state.ts'

/** A happening with the shot and the item that it belongs to. */
export interface Fact {
  readonly shot: Shot
  readonly happening: Happening
  readonly item: Item
}

export interface FilmAsking {
  readonly film: Film
  readonly rng: Rng
  readonly tongue: WorldTongue
  say(key: PhraseKey, slots?: Readonly<Record<string, string>>): string
}

/** A program that asks about films, in any language of the World. */
export interface FilmTask {
  readonly id: string
  ask(film: Film, rng: Rng, tongue: WorldTongue): QA | undefined
}

export function filmTask(id: string, ask: (asking: FilmAsking) => Omit<QA, 'task'> | undefined): FilmTask {
  return {
    id,
    ask(film, rng, tongue) {
      const qa = ask({ film, rng, tongue, say: (key, slots) => say(tongue, rng, key, slots) })
      return qa && { task: id, ...qa, ...(tongue.id !== 'en' && { language: tongue.id }) }
    },
  }
}

const counts = new WeakMap<Film, ReadonlyMap<string, number>>()

/** How many actors of a film have a name. */
function countName(film: Film, name: string): number {
  let known = counts.get(film)
  if (!known) {
    const all = film.shots.flatMap(({ actors }) => actors.map(nameOf))
    known = new Map(all.map((each) => [each, 0]))
    const mutable = new Map(known)
    for (const each of all) mutable.set(each, mutable.get(each)! + 1)
    known = mutable
    counts.set(film, known)
  }
  return known.get(name) ?? 0
}

/** Whether a name means one actor of the film. */
export const isNamed = (film: Film, item: Item): boolean => countName(film, nameOf(item)) === 1

/** Every happening to an actor that can be named without doubt, in order of time. */
export function factsOf(film: Film, kinds?: readonly Happening['kind'][]): Fact[] {
  const all = film.shots.flatMap((shot) =>
    shot.happenings.map((happening) => ({ shot, happening, item: shot.actors[happening.actor] })),
  )
  // Where one frame shows something else, everything else is gone for a moment: who blinked then is a matter of words.
  const isClear = ({ kind }: Happening) => !film.odd || !['blink', 'flash', 'hide'].includes(kind)
  const usable = all.filter(
    ({ shot, happening, item }) =>
      isClear(happening) &&
      (!kinds || kinds.includes(happening.kind)) &&
      isNamed(film, item) &&
      (happening.other === undefined || isNamed(film, shot.actors[happening.other])),
  )
  return usable.sort((a, b) => a.happening.from - b.happening.from)
}

/** "the apple moves up". */
export function clauseOf({ tongue, say: phrase }: FilmAsking, { shot, happening, item }: Fact): string {
  const { kind, direction, color, other } = happening
  const named = tongue.phrase({ name: nameOf(item) })
  return phrase(`film.${kind}`, {
    the: tongue.the(named),
    direction: direction ? tongue.directions[direction] : '',
    color: color ? tongue.color(color, named) : '',
    other: other === undefined ? '' : theOf(tongue, { name: nameOf(shot.actors[other]) }),
  })
}

/** When a happening goes on, in seconds. */
export const timeOf = (film: Film, { from, to }: Happening): [number, number] => [
  seconds(film, from),
  seconds(film, to),
]

/** When a happening goes on, and where the actor is before it and behind it, or as soon as it is there. */
export function momentOf(film: Film, { shot, happening }: Fact): Pick<QA, 'time' | 'path'> {
  const { from, to, actor } = happening
  const [before, behind] = [actorAt(shot, actor, Math.max(shot.from, from - 1)), actorAt(shot, actor, to)]
  const [start, end] = [before ?? behind, behind ?? before]
  return { time: timeOf(film, happening), ...(start && end && { path: [placeOf(film, start), placeOf(film, end)] }) }
}

/** The box of an item whose sight no one looked at. */
export function placeOf({ size }: Film, { x, y, radius }: Item): NonNullable<QA['box']> {
  const inside = (value: number) => Math.min(size, Math.max(0, value))
  return toThousandths([inside(x - radius), inside(y - radius), inside(x + radius), inside(y + radius)], size)
}

/** Frames at whose second a question may be asked: those that no cut, odd frame or flash makes doubtful. */
export const isPlain = ({ odd, shots }: Film, frame: number): boolean =>
  odd?.frame !== frame && shots.every(({ from }) => from === 0 || from !== frame)

/** How many things a frame shows. */
export const countAt = (film: Film, shot: Shot, frame: number): number =>
  film.odd?.frame === frame ? 1 : shownAt(shot, frame).length

/** Whether anything is hidden just then: whether it "is there" would be a matter of words. */
export const hidesAny = (shot: Shot, frame: number): boolean =>
  shot.actors.some((_, actor) => isHidden(shot, actor, frame))
