import { FoveaError } from '../../errors.ts'
import { Rng } from '../rng.ts'
import { play } from './play.ts'
import { type SoundEvent, VOICES, type Voice } from './voices.ts'

export { type SoundEvent, VOICES, type Voice } from './voices.ts'

/** Samples in a second. */
export const SOUND_RATE = 16000

/** A clip of sound: its samples follow from these numbers alone. */
export interface SoundClip {
  readonly seconds: number
  readonly seed: number
  /** Loudness of the hiss behind everything. */
  readonly noise: number
  /** In order of time; they do not overlap. */
  readonly events: readonly SoundEvent[]
}

/** Semitones that pitches are taken from, in hertz, three octaves of a pentatonic scale. */
export const PITCHES: readonly number[] = Array.from(
  { length: 15 },
  (_, i) => Math.round(10 * 220 * 2 ** ((12 * Math.floor(i / 5) + [0, 2, 4, 7, 9][i % 5]) / 12)) / 10,
)
/** Three steps of loudness that ears tell apart. */
export const GAINS = [0.12, 0.3, 0.75] as const

/** Which clip: the same key always gives the same one. */
export interface SoundKey {
  readonly split: string
  readonly seed: number
  readonly index: number
  /** Length in seconds, 8 unless given. */
  readonly seconds?: number
}

const round = (value: number): number => Math.round(value * 10) / 10

/** A sound of a voice from a moment on. */
export function makeEvent(voice: Voice, from: number, rng: Rng): SoundEvent {
  const beats = voice === 'rhythm' ? rng.int(2, 6) : undefined
  const length = voice === 'knock' ? 0.2 : beats ? 0.25 * beats : rng.float(0.4, 1.1)
  const pitch = rng.pick(PITCHES)
  return { voice, from, to: round(from + length), pitch, gain: rng.pick(GAINS), ...(beats && { beats }) }
}

/** A clip of one to four different sounds, one after the other. Throws FoveaError kind `usage` `world-sound`. */
export function makeSound({ split, seed, index, seconds = 8 }: SoundKey): SoundClip {
  if (!(seconds >= 2 && seconds <= 60)) {
    throw new FoveaError('world-sound', 'usage', `A clip of ${seconds} seconds cannot be asked about: use 2 to 60`)
  }
  const rng = Rng.from(seed, 'world', split, 'sound', index)
  const events: SoundEvent[] = []
  const voices = rng.shuffle(VOICES).slice(0, rng.int(1, 4))
  let at = round(rng.float(0.1, voices.length === 1 ? seconds - 2 : seconds / 3))
  for (const voice of voices) {
    const event = makeEvent(voice, at, rng)
    if (event.to > seconds - 0.1) break
    events.push(event)
    at = round(event.to + rng.float(0.3, 1.4))
  }
  const noise = rng.chance(0.5) ? 0 : 0.01
  return events.length > 0
    ? { seconds, seed: rng.uint32(), noise, events }
    : makeSound({ split, seed: seed + 1, index, seconds })
}

/** The samples of a clip, mono, -1 to 1, `SOUND_RATE` a second. */
export function renderSound({ seconds, seed, noise, events }: SoundClip): Float32Array {
  const samples = new Float32Array(Math.round(seconds * SOUND_RATE))
  const rng = Rng.from(seed, 'hiss')
  if (noise > 0) for (let i = 0; i < samples.length; i++) samples[i] = noise * (2 * rng.float() - 1)
  for (const [i, event] of events.entries()) {
    const made = play(event, SOUND_RATE, Rng.from(seed, 'event', i))
    const start = Math.round(event.from * SOUND_RATE)
    for (let j = 0; j < made.length && start + j < samples.length; j++) samples[start + j] += made[j]
  }
  return samples
}
