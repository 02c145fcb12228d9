import type { Direction } from '../language/tongue.ts'
import { hashOf } from '../rng.ts'
import type { Scene } from '../scene.ts'
import type { Color } from '../vocabulary.ts'

/** One in this many compositions of each kind is kept for tests. */
const EVERY = { tint: 12, meeting: 25, motion: 8 } as const

const isKept = (kind: keyof typeof EVERY, ...words: string[]): boolean =>
  hashOf(['held out', kind, ...words].join(' ')) % EVERY[kind] === 0

/** Whether no training or validation scene shows this thing dipped in this colour. */
export const isHeldOutTint = (name: string, color: Color): boolean => isKept('tint', name, color)

/** Whether no training or validation scene shows these two things together. */
export const isHeldOutMeeting = (a: string, b: string): boolean => a !== b && isKept('meeting', ...[a, b].sort())

/** Whether no training or validation film shows this thing moving this way. */
export const isHeldOutMotion = (name: string, direction: Direction): boolean => isKept('motion', name, direction)

/** Whether a scene shows a tint or a meeting that training never shows. */
export function showsHeldOutThings({ items = [] }: Pick<Scene, 'items'>): boolean {
  const things = items.filter((item) => item.kind === 'thing')
  if (things.some(({ name, tint }) => tint !== undefined && isHeldOutTint(name, tint))) return true
  const names = [...new Set(things.map(({ name }) => name))]
  return names.some((a, i) => names.slice(i + 1).some((b) => isHeldOutMeeting(a, b)))
}
