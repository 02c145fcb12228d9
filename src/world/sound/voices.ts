export const VOICES = ['tone', 'rise', 'fall', 'noise', 'bell', 'knock', 'buzz', 'rhythm'] as const
export type Voice = (typeof VOICES)[number]

/** One sound of a clip. */
export interface SoundEvent {
  readonly voice: Voice
  /** Start and end in seconds. */
  readonly from: number
  readonly to: number
  /** Pitch in hertz; for a sweep where it begins. */
  readonly pitch: number
  /** Loudness, 0 to 1. */
  readonly gain: number
  /** Knocks of a rhythm. */
  readonly beats?: number
}
