export const VOICES = ['tone', 'rise', 'fall', 'noise', 'bell', 'knock', 'buzz', 'rhythm'] as const
export type Voice = (typeof VOICES)[number]
