import type { PhraseKey } from '../language/index.ts'
import { say, type WorldTongue } from '../language/index.ts'
import type { QA } from '../questions/task.ts'
import type { Rng } from '../rng.ts'
import type { SoundClip } from './sound.ts'
import { type SoundEvent, VOICES, type Voice } from './voices.ts'

type Ask = (asking: {
  readonly clip: SoundClip
  readonly rng: Rng
  readonly tongue: WorldTongue
  say(key: PhraseKey, slots?: Readonly<Record<string, string>>): string
}) => Omit<QA, 'task'> | undefined

const timeOf = ({ from, to }: SoundEvent): [number, number] => [from, to]
const names = (tongue: WorldTongue) => VOICES.map((voice) => tongue.voices[voice])

const what: Ask = ({ clip, tongue, say }) => {
  if (clip.events.length !== 1) return undefined
  const [event] = clip.events
  return { question: say('voice'), answer: tongue.voices[event.voice], time: timeOf(event), candidates: names(tongue) }
}

const count: Ask = ({ clip, say }) => ({
  question: say('sounds'),
  answer: String(clip.events.length),
  candidates: ['1', '2', '3', '4'],
})

const heard: Ask = ({ clip, rng, tongue, say }) => {
  const present = clip.events.map(({ voice }) => voice)
  const isThere = rng.chance(0.5)
  const voice: Voice = rng.pick(isThere ? present : VOICES.filter((other) => !present.includes(other)))
  const question = say('heard', { sound: tongue.voices[voice] })
  return { question, answer: isThere ? tongue.yes : tongue.no, candidates: [tongue.yes, tongue.no] }
}

const order: Ask = ({ clip, rng, tongue, say }) => {
  if (clip.events.length < 2) return undefined
  const isFirst = rng.chance(0.5)
  const event = isFirst ? clip.events[0] : clip.events.at(-1)!
  const candidates = clip.events.map(({ voice }) => tongue.voices[voice])
  const question = say(isFirst ? 'firstSound' : 'lastSound')
  return { question, answer: tongue.voices[event.voice], time: timeOf(event), candidates }
}

/** Voices whose loudness and pitch are those of a steady tone. */
const STEADY: readonly Voice[] = ['tone', 'rise', 'fall', 'buzz']

/** Which of two is louder, or higher where both have one pitch. */
const compare =
  (key: 'louder' | 'higher'): Ask =>
  ({ clip, rng, tongue, say }) => {
    const usable = clip.events.filter(({ voice }) =>
      key === 'higher' ? voice === 'tone' || voice === 'bell' : STEADY.includes(voice),
    )
    if (usable.length < 2) return undefined
    const [a, b] = rng.shuffle(usable)
    const measure = ({ gain, pitch }: SoundEvent) => (key === 'louder' ? gain : pitch)
    if (measure(a) === measure(b)) return undefined
    const [sound, other] = [a, b].map(({ voice }) => tongue.voices[voice])
    const answer = measure(a) > measure(b) ? sound : other
    return { question: say(key, { sound, other }), answer, candidates: [sound, other] }
  }

const when: Ask = ({ clip, rng, tongue, say }) => {
  const event = rng.pick(clip.events)
  const question = say('soundWhen', { sound: tongue.voices[event.voice] })
  return { question, answer: String(Math.floor(event.from)), time: timeOf(event) }
}

const beats: Ask = ({ clip, say }) => {
  const event = clip.events.find(({ voice }) => voice === 'rhythm')
  return (
    event && {
      question: say('beats'),
      answer: String(event.beats),
      time: timeOf(event),
      candidates: ['2', '3', '4', '5', '6'],
    }
  )
}

const ASK: Readonly<Record<string, Ask>> = {
  'sound-what': what,
  'sound-count': count,
  'sound-heard': heard,
  'sound-order': order,
  'sound-louder': compare('louder'),
  'sound-higher': compare('higher'),
  'sound-when': when,
  'sound-beats': beats,
}

export const SOUND_TASK_IDS: readonly string[] = Object.keys(ASK)

/** A question about a clip; undefined where the clip allows none without doubt. */
export function askSound(task: string, clip: SoundClip, rng: Rng, tongue: WorldTongue): QA | undefined {
  const qa = ASK[task]({ clip, rng, tongue, say: (key, slots) => say(tongue, rng, key, slots) })
  return qa && { task, ...qa, ...(tongue.id !== 'en' && { language: tongue.id }) }
}
