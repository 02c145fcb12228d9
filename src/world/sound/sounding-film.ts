import { type Film, seconds } from '../film/film.ts'
import { makeFilm } from '../film/make-film.ts'
import { factsOf } from '../film/questions/facts.ts'
import type { FilmSampleKey } from '../film/sample-film.ts'
import { say, tongueOf } from '../language/index.ts'
import type { QA } from '../questions/task.ts'
import { Rng } from '../rng.ts'
import { nameOf } from '../things/item.ts'
import { theOf } from '../things/questions/names.ts'
import { makeEvent, type SoundClip } from './sound.ts'
import { VOICES, type Voice } from './voices.ts'

export const SOUNDING_TASK_IDS = ['sound-source', 'sound-of'] as const

/** A film whose things sound when something happens to them: which thing made which sound. */
export interface SoundingFilm {
  readonly film: Film
  readonly clip: SoundClip
  /** The name of the thing that makes each sound of the clip. */
  readonly sources: readonly string[]
  readonly qa: QA
  readonly heldOut: boolean
}

/** Each happening starts a sound of another voice at its second. */
function soundtrack(film: Film, rng: Rng): Pick<SoundingFilm, 'clip' | 'sources'> {
  const voices = rng.shuffle(VOICES.filter((voice): voice is Voice => voice !== 'rhythm'))
  const facts = factsOf(film).filter(
    ({ happening }, i, all) => i === 0 || happening.from > all[i - 1].happening.from + film.rate,
  )
  const used = facts.slice(0, voices.length)
  const length = seconds(film, film.frames)
  const events = used.map(({ happening }, i) => {
    const event = makeEvent(voices[i], seconds(film, happening.from), rng)
    return { ...event, to: Math.min(event.to, length) }
  })
  return {
    clip: { seconds: length, seed: rng.uint32(), noise: 0, events },
    sources: used.map(({ item }) => nameOf(item)),
  }
}

/** A film with sound and a question about which thing made which sound; a function of the key and the art. */
export function sampleSoundingFilm(key: FilmSampleKey): SoundingFilm {
  const { split, seed, index } = key
  const tongue = tongueOf(key.language ?? 'en')
  const rng = Rng.from(seed, 'world', split, 'sounding film', index)
  const task = key.task ?? rng.pick(SOUNDING_TASK_IDS)
  for (;;) {
    const film = makeFilm({ ...key, seed: rng.uint32(), must: rng.pick(['enter', 'recolor', 'move'] as const) })
    const { clip, sources } = soundtrack(film, rng)
    if (sources.length < 2 || new Set(sources).size !== sources.length) continue
    const at = rng.int(0, sources.length - 1)
    const [sound, name] = [tongue.voices[clip.events[at].voice], sources[at]]
    const isSource = task === 'sound-source'
    const question = isSource
      ? say(tongue, rng, 'source', { sound })
      : say(tongue, rng, 'soundOf', { the: theOf(tongue, { name }) })
    const answer = isSource ? tongue.phrase({ name }).text : sound
    const time: [number, number] = [clip.events[at].from, clip.events[at].to]
    const qa: QA = { task, question, answer, time, ...(tongue.id !== 'en' && { language: tongue.id }) }
    return { film, clip, sources, qa, heldOut: film.heldOut }
  }
}
