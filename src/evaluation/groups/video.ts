import { FILM_TASK_IDS, type Film, framesOf, Rng, sampleFilm, type Vendor, withoutTime } from '../../world/index.ts'
import { nodeArt } from '../../world/node-art.ts'
import type { Shown } from '../exam/shown.ts'
import { pictureOf } from '../picture-of.ts'
import type { Group, GroupOptions, Section, SectionItem } from './section.ts'
import { drawersOf } from './things.ts'

/** Frames in another order, which are said to be in theirs. */
export const SHUFFLED = 'shuffled'

/** One frame of a film by itself. */
export const frameArm = (frame: number): string => `frame ${frame}`
export const isFrameArm = (name: string): boolean => name.startsWith('frame ')

/** Every frame, each at its second. */
export const filmShown = (film: Film): Shown => ({
  pictures: framesOf(film).map(pictureOf),
  seconds: Array.from({ length: film.frames }, (_, frame) => frame / film.rate),
})

/** What tells whether time was read: the frames in another order, and each frame alone. */
export function timelessArms({ pictures, seconds }: Shown, film: Film, rng: Rng): Record<string, Shown> {
  const { shuffled } = withoutTime(film, rng)
  const alone = pictures.map(
    (picture, frame) => [frameArm(frame), { pictures: [picture], seconds: [seconds![frame]] }] as const,
  )
  return { [SHUFFLED]: { pictures: shuffled.map((frame) => pictures[frame]), seconds }, ...Object.fromEntries(alone) }
}

export function filmItem(
  { split, seed, frames, rate }: GroupOptions,
  how: { readonly vendors: readonly Vendor[]; readonly language?: string; readonly isCompared: boolean },
): Section['item'] {
  const art = nodeArt()
  const { vendors, language = 'en', isCompared } = how
  return (task, index): SectionItem => {
    const { film, qa, heldOut } = sampleFilm({ split, seed, index, task, art, vendors, language, frames, rate })
    const shown = filmShown(film)
    const rng = Rng.from(seed, 'shuffled frames', split, task, index)
    const others = isCompared ? timelessArms(shown, film, rng) : {}
    return { shown, conversations: [[qa]], heldOut, others }
  }
}

export const video: Group = {
  id: 'video',
  about: 'films as so many images, beside their frames shuffled and the best single frame',
  sections: (options) => {
    const [{ id, title, vendors }] = drawersOf(options)
    return [{ id, title, tasks: FILM_TASK_IDS, language: 'en', item: filmItem(options, { vendors, isCompared: true }) }]
  },
}
