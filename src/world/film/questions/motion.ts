import { DIRECTIONS } from '../../language/index.ts'
import { nameOf } from '../../things/item.ts'
import { theOf } from '../../things/questions/names.ts'
import { clauseOf, factsOf, filmTask, momentOf } from './facts.ts'

export const motionTask = filmTask('film-motion', ({ film, rng, tongue, say }) => {
  const facts = factsOf(film, ['move'])
  if (facts.length === 0) return undefined
  const fact = rng.pick(facts)
  const { happening, item } = fact
  const question = say('film.motion', { the: theOf(tongue, { name: nameOf(item) }) })
  const candidates = DIRECTIONS.map((direction) => tongue.directions[direction])
  return { question, answer: tongue.directions[happening.direction!], ...momentOf(film, fact), candidates }
})

/** What moves that way: the only one that does. */
export const moverTask = filmTask('film-mover', ({ film, rng, tongue, say }) => {
  const facts = factsOf(film, ['move'])
  const all = film.shots.flatMap(({ happenings }) => happenings.filter(({ path }) => path))
  const alone = facts.filter(
    ({ happening }) => all.filter(({ direction }) => direction === happening.direction).length === 1,
  )
  if (alone.length === 0) return undefined
  const fact = rng.pick(alone)
  const { happening, item } = fact
  const question = say('film.mover', { direction: tongue.directions[happening.direction!] })
  return { question, answer: tongue.phrase({ name: nameOf(item) }).text, ...momentOf(film, fact) }
})

/** The colour that something turns. */
export const changeTask = filmTask('film-change', ({ film, rng, tongue, say }) => {
  const facts = factsOf(film, ['recolor'])
  if (facts.length === 0) return undefined
  const fact = rng.pick(facts)
  const { happening, item } = fact
  const question = say('film.colorAfter', { the: theOf(tongue, { name: nameOf(item) }) })
  return { question, answer: tongue.color(happening.color!), ...momentOf(film, fact) }
})

export const timesTask = filmTask('film-times', ({ film, rng, tongue, say }) => {
  const facts = factsOf(film, ['blink'])
  if (facts.length === 0) return undefined
  const fact = rng.pick(facts)
  const { happening, item } = fact
  const question = say('film.times', { the: theOf(tongue, { name: nameOf(item) }) })
  return { question, answer: String(happening.times), ...momentOf(film, fact), candidates: ['1', '2', '3', '4'] }
})

/** What it bumps into, or hides behind. */
export const otherTask = filmTask('film-other', ({ film, rng, tongue, say }) => {
  const facts = factsOf(film, ['collide', 'hide'])
  if (facts.length === 0) return undefined
  const fact = rng.pick(facts)
  const { shot, happening, item } = fact
  const the = theOf(tongue, { name: nameOf(item) })
  const answer = tongue.phrase({ name: nameOf(shot.actors[happening.other!]) }).text
  const question = say(happening.kind === 'hide' ? 'film.behind' : 'film.hit', { the })
  return { question, answer, ...momentOf(film, fact) }
})

/** Whether what hid is seen again. */
export const backTask = filmTask('film-back', ({ film, rng, tongue, say }) => {
  const facts = factsOf(film, ['hide'])
  if (facts.length === 0) return undefined
  const fact = rng.pick(facts)
  const { happening, item } = fact
  const question = say('film.comesBack', { the: theOf(tongue, { name: nameOf(item) }) })
  const candidates = [tongue.yes, tongue.no]
  return {
    question,
    answer: happening.back === undefined ? tongue.no : tongue.yes,
    ...momentOf(film, fact),
    candidates,
  }
})

/** Of whom a clause is true: who turned, grew, shrank, blinked, left. */
export const actorTask = filmTask('film-actor', (asking) => {
  const { film, rng, tongue, say } = asking
  const kinds = ['turn', 'grow', 'shrink', 'blink', 'leave', 'recolor'] as const
  const all = film.shots.flatMap(({ happenings }) => happenings)
  const facts = factsOf(film, kinds).filter(
    ({ happening }) =>
      all.filter(({ kind, color }) => kind === happening.kind && color === happening.color).length === 1,
  )
  if (facts.length === 0) return undefined
  const fact = rng.pick(facts)
  const clause = clauseOf(asking, fact).replace(theOf(tongue, { name: nameOf(fact.item) }), '...')
  const question = say('film.actor', { clause })
  return { question, answer: tongue.phrase({ name: nameOf(fact.item) }).text, ...momentOf(film, fact) }
})
