import type { QA } from '../../questions/task.ts'
import { type Item, nameOf } from '../../things/item.ts'
import { partOf } from '../../things/questions/caption.ts'
import { absentThing, COUNTS } from '../../things/questions/count.ts'
import { aOf, theOf } from '../../things/questions/names.ts'
import { COLORS } from '../../vocabulary.ts'
import { type Film, type Shot, seconds, shotAt } from '../film.ts'
import { shownAt } from '../state.ts'
import { countAt, filmTask, hidesAny, isNamed, isPlain, placeOf } from './facts.ts'

type Rand = { int(low: number, high: number): number }

/** A frame at a whole or half second that can be asked about, with its shot. */
function pickFrame(film: Film, rng: Rand): { frame: number; shot: Shot; time: string } | undefined {
  for (let attempt = 0; attempt < 10; attempt++) {
    const frame = rng.int(0, film.frames - 1)
    const shot = shotAt(film, frame)
    if (isPlain(film, frame) && !hidesAny(shot, frame)) return { frame, shot, time: String(seconds(film, frame)) }
  }
  return undefined
}

const at = (film: Film, frame: number): [number, number] => [seconds(film, frame), seconds(film, frame)]

/** Where something is at one moment. */
function standing(film: Film, frame: number, item: Item): Pick<QA, 'time' | 'path'> {
  const place = placeOf(film, item)
  return { time: at(film, frame), path: [place, place] }
}

/** How many things there are at a second, at the start and at the end. */
export const countTask = filmTask('film-count', ({ film, rng, say }) => {
  const kind = rng.weighted({ at: 60, start: 15, end: 25 })
  const found = pickFrame(film, rng)
  const frame = kind === 'start' ? 0 : kind === 'end' ? film.frames - 1 : found?.frame
  if (frame === undefined || hidesAny(shotAt(film, frame), frame) || film.odd?.frame === frame) return undefined
  const key = kind === 'at' ? 'film.countAt' : kind === 'start' ? 'film.countStart' : 'film.countEnd'
  const question = say(key, { time: found?.time ?? '' })
  return {
    question,
    answer: String(countAt(film, shotAt(film, frame), frame)),
    time: at(film, frame),
    candidates: COUNTS,
  }
})

/** How many things come into a film of one shot after its first frame. */
export const appearedTask = filmTask('film-appeared', ({ film, say }) => {
  if (film.shots.length > 1 || film.odd) return undefined
  const count = film.shots[0].happenings.filter(({ kind }) => kind === 'enter' || kind === 'flash').length
  return { question: say('film.appeared'), answer: String(count), candidates: COUNTS.slice(0, 5) }
})

/** Whether something is in the picture at a second. */
export const existAtTask = filmTask('film-exist-at', ({ film, rng, tongue, say }) => {
  const found = pickFrame(film, rng)
  if (!found) return undefined
  const { frame, shot, time } = found
  const isThere = rng.chance(0.5)
  const shown = shownAt(shot, frame).map(({ item }) => item)
  const gone = shot.actors.filter((item) => isNamed(film, item) && !shown.some((seen) => nameOf(seen) === nameOf(item)))
  const absent = gone.length > 0 ? { name: nameOf(rng.pick(gone)) } : absentThing(shot.actors, rng)
  const named = isThere ? shown.length > 0 && { name: nameOf(rng.pick(shown)) } : absent?.name && { name: absent.name }
  if (!named || (!isThere && shown.some((item) => nameOf(item) === named.name))) return undefined
  const question = say('film.existAt', { a: aOf(tongue, named), time })
  return {
    question,
    answer: isThere ? tongue.yes : tongue.no,
    time: at(film, frame),
    candidates: [tongue.yes, tongue.no],
  }
})

/** Colour and place of something at a second. */
export const stateAtTask = filmTask('film-state-at', ({ film, rng, tongue, say }) => {
  const found = pickFrame(film, rng)
  if (!found) return undefined
  const { frame, shot, time } = found
  const changing = new Set(
    shot.happenings.filter(({ kind }) => kind === 'recolor' || kind === 'move').map(({ actor }) => actor),
  )
  const seen = shownAt(shot, frame).filter(({ item }) => isNamed(film, item))
  const telling = seen.filter(({ actor }) => changing.has(actor))
  const pool = telling.length > 0 && rng.chance(0.8) ? telling : seen
  if (pool.length === 0) return undefined
  const { actor, item } = rng.pick(pool)
  const the = theOf(tongue, { name: nameOf(item) })
  const isDyed = shot.happenings.some((happening) => happening.actor === actor && happening.kind === 'recolor')
  if (item.color && (isDyed || rng.chance(0.3))) {
    const candidates = COLORS.map((color) => tongue.color(color))
    return {
      question: say('film.colorAt', { the, time }),
      answer: tongue.color(item.color),
      ...standing(film, frame, item),
      candidates,
    }
  }
  const part = partOf([item.x, item.y], film.size)
  return (
    part && {
      question: say('film.partAt', { the, time }),
      answer: tongue.part(...part),
      ...standing(film, frame, item),
    }
  )
})

/** What shows in one frame only: a thing that flashes up, the one odd frame, a word. */
export const needleTask = filmTask('film-needle', ({ film, rng, tongue, say }) => {
  const { word, odd } = film
  if (odd)
    return {
      question: say('film.odd'),
      answer: tongue.phrase({ name: nameOf(odd.item) }).text,
      ...standing(film, odd.frame, odd.item),
    }
  if (word && rng.chance(0.7))
    return { question: say('film.needleWord'), answer: word.word.text, time: at(film, word.frame) }
  const flashes = film.shots.flatMap(({ actors, happenings }) =>
    happenings.filter(({ kind }) => kind === 'flash').map(({ actor, from }) => ({ item: actors[actor], from })),
  )
  if (flashes.length !== 1) return undefined
  const answer = tongue.phrase({ name: nameOf(flashes[0].item) }).text
  return { question: say('film.needle'), answer, ...standing(film, flashes[0].from, flashes[0].item) }
})

export const cutsTask = filmTask('film-cuts', ({ film, say }) => {
  if (film.odd || film.shots.length > 9) return undefined
  return { question: say('film.cuts'), answer: String(film.shots.length), candidates: COUNTS.slice(1) }
})

/** Whether something is seen at any time: a static question, for balance. */
export const everTask = filmTask('film-ever', ({ film, rng, tongue, say }) => {
  const items = film.shots.flatMap(({ actors }) => actors)
  const isThere = rng.chance(0.5)
  const named = isThere ? { name: nameOf(rng.pick(items)) } : absentThing(items, rng)
  if (!named?.name || named.name === (film.odd && nameOf(film.odd.item))) return undefined
  const question = say('film.ever', { a: aOf(tongue, { name: named.name }) })
  const isSeen = items.some((item) => nameOf(item) === named.name)
  return { question, answer: isSeen ? tongue.yes : tongue.no, candidates: [tongue.yes, tongue.no] }
})

export const backgroundTask = filmTask('film-background', ({ film, tongue, say }) => {
  if (film.shots.length > 1) return undefined
  const answer = film.shots[0].drift > 0 ? tongue.yes : tongue.no
  return { question: say('film.background'), answer, candidates: [tongue.yes, tongue.no] }
})
