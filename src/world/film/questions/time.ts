import { nameOf } from '../../things/item.ts'
import { absentThing } from '../../things/questions/count.ts'
import { aOf } from '../../things/questions/names.ts'
import { type Film, seconds } from '../film.ts'
import { shownAt } from '../state.ts'
import { clauseOf, factsOf, filmTask, isNamed, momentOf, timeOf } from './facts.ts'

/** What can be said to happen at one moment. */
const MOMENTS = ['enter', 'leave', 'recolor', 'flash'] as const
const STRETCHES = ['move', 'turn', 'grow', 'shrink', 'collide', 'blink'] as const

export const whenTask = filmTask('film-when', (asking) => {
  const { film, rng, say } = asking
  const facts = factsOf(film, MOMENTS)
  if (facts.length === 0) return undefined
  const fact = rng.pick(facts)
  const question = say('film.when', { clause: clauseOf(asking, fact) })
  return { question, answer: String(seconds(film, fact.happening.from)), ...momentOf(film, fact) }
})

/** Start and end in seconds: moment retrieval. */
export const intervalTask = filmTask('film-interval', (asking) => {
  const { film, rng, tongue, say } = asking
  const facts = factsOf(film, STRETCHES)
  if (facts.length === 0) return undefined
  const fact = rng.pick(facts)
  const answer = tongue.span(...timeOf(film, fact.happening))
  return { question: say('film.interval', { clause: clauseOf(asking, fact) }), answer, ...momentOf(film, fact) }
})

/** Two happenings of which one is over before the other starts. */
function pickTwo(asking: Parameters<Parameters<typeof filmTask>[1]>[0]) {
  const facts = asking.rng.shuffle(factsOf(asking.film))
  for (const a of facts) {
    const later = facts.find((b) => a.happening.to < b.happening.from)
    if (later) return [a, later] as const
  }
  return undefined
}

export const orderTask = filmTask('film-order', (asking) => {
  const { film, rng, tongue, say } = asking
  const pair = pickTwo(asking)
  if (!pair) return undefined
  const [first, second] = pair.map((fact) => clauseOf(asking, fact))
  const time: [number, number] = [seconds(film, pair[0].happening.from), seconds(film, pair[1].happening.to)]
  const [clause, later] = rng.shuffle([first, second])
  if (rng.chance(0.5))
    return { question: say('film.order', { clause, later }), answer: first, time, candidates: [clause, later] }
  const question = say('film.isBefore', { clause, later })
  return { question, answer: clause === first ? tongue.yes : tongue.no, time, candidates: [tongue.yes, tongue.no] }
})

/** What comes into the picture first or last, of at least two. */
export const firstTask = filmTask('film-first', ({ film, rng, tongue, say }) => {
  const facts = factsOf(film, ['enter', 'flash'])
  const isFirst = rng.chance(0.5)
  const end = isFirst ? facts[0] : facts.at(-1)
  const next = isFirst ? facts[1] : facts.at(-2)
  if (!end || !next || end.happening.from === next.happening.from || film.shots.length > 1) return undefined
  const answer = tongue.phrase({ name: nameOf(end.item) }).text
  const candidates = facts.map(({ item }) => tongue.phrase({ name: nameOf(item) }).text)
  return {
    question: say(isFirst ? 'film.firstIn' : 'film.lastIn'),
    answer,
    ...momentOf(film, end),
    candidates,
  }
})

/** Whether something had been seen before something else happened. */
export const beforeTask = filmTask('film-before', (asking) => {
  const { film, rng, tongue, say } = asking
  const facts = factsOf(film).filter(({ happening }) => happening.from > 0)
  if (facts.length === 0) return undefined
  const fact = rng.pick(facts)
  const isThere = rng.chance(0.5)
  const others = film.shots.flatMap((shot) =>
    shot.actors.map((item, actor) => ({ item, seen: firstSeen(film, actor, film.shots.indexOf(shot)) })),
  )
  const named = others.filter(({ item }) => isNamed(film, item) && nameOf(item) !== nameOf(fact.item))
  const wanted = named.filter(({ seen }) => (isThere ? seen < fact.happening.from : seen > fact.happening.to))
  const absent = isThere
    ? undefined
    : absentThing(
        others.map(({ item }) => item),
        rng,
      )
  const name = wanted.length > 0 ? nameOf(rng.pick(wanted).item) : absent?.color ? undefined : absent?.name
  if (name === undefined) return undefined
  const question = say('film.thereBefore', { a: aOf(tongue, { name }), clause: clauseOf(asking, fact) })
  const candidates = [tongue.yes, tongue.no]
  return { question, answer: isThere ? tongue.yes : tongue.no, ...momentOf(film, fact), candidates }
})

/** The first frame that shows an actor of a shot; Infinity where none does. */
export function firstSeen({ shots }: Film, actor: number, at: number): number {
  const shot = shots[at]
  for (let frame = shot.from; frame < shot.to; frame++) {
    if (shownAt(shot, frame).some((seen) => seen.actor === actor)) return frame
  }
  return Infinity
}

/** What happens, in order of time: undefined where two things start together. */
export const happensTask = filmTask('film-happens', (asking) => {
  const { film, tongue, say } = asking
  const all = film.shots.reduce((sum, { happenings }) => sum + happenings.length, 0)
  const facts = factsOf(film)
  if (facts.length === 0 || facts.length !== all || facts.length > 4) return undefined
  if (facts.some(({ happening }, i) => i > 0 && happening.from === facts[i - 1].happening.from)) return undefined
  return { question: say('film.happens'), answer: tongue.and(facts.map((fact) => clauseOf(asking, fact))) }
})
