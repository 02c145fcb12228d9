import type { Rng } from '../rng.ts'
import type { SoundEvent } from './voices.ts'

const TURN = 2 * Math.PI

/** Rises in 10 ms and falls in 30 ms, so that nothing clicks. */
function envelope(t: number, length: number): number {
  return Math.max(0, Math.min(1, t / 0.01, (length - t) / 0.03))
}

/** A tap of wood: two short damped tones and a burst of noise. */
const tap = (t: number, pitch: number, rng: Rng): number => {
  const damped = Math.exp(-t * 40) * (Math.sin(TURN * pitch * t) + 0.6 * Math.sin(TURN * 2.76 * pitch * t))
  return 0.6 * damped + 0.5 * Math.exp(-t * 160) * (2 * rng.float() - 1)
}

/** Partials of a bell over its strike note, and how fast each dies away. */
const PARTIALS = [
  [0.5, 0.4, 2],
  [1, 1, 3],
  [1.2, 0.5, 4],
  [1.5, 0.35, 5],
  [2, 0.5, 6],
  [2.67, 0.25, 9],
] as const

const bell = (t: number, pitch: number): number =>
  PARTIALS.reduce(
    (sum, [ratio, gain, decay]) => sum + gain * Math.exp(-decay * t) * Math.sin(TURN * ratio * pitch * t),
    0,
  ) / 2

/** Value of a voice at a time after its start, -1 to 1. */
function valueAt({ voice, pitch, from, to }: SoundEvent, t: number, rng: Rng): number {
  const length = to - from
  const sweep = (slope: number) => Math.sin(TURN * pitch * (t + (slope * t * t) / (2 * length)))
  if (voice === 'tone') return Math.sin(TURN * pitch * t)
  if (voice === 'rise') return sweep(2)
  if (voice === 'fall') return sweep(-0.7)
  if (voice === 'noise') return 2 * rng.float() - 1
  if (voice === 'bell') return bell(t, pitch)
  if (voice === 'buzz') return 2 * ((pitch * 0.5 * t) % 1) - 1
  return tap(voice === 'rhythm' ? t % 0.25 : t, pitch, rng)
}

/** The samples of one event. */
export function play(event: SoundEvent, rate: number, rng: Rng): Float32Array {
  const length = event.to - event.from
  return Float32Array.from({ length: Math.round(length * rate) }, (_, i) => {
    const t = i / rate
    return event.gain * envelope(t, length) * valueAt(event, t, rng)
  })
}
