import { ALL_THING_TASK_IDS, sampleThings, TRAINED_VENDORS, VENDORS, type Vendor } from '../../world/index.ts'
import { nodeArt } from '../../world/node-art.ts'
import { pictureOf } from '../picture-of.ts'
import type { Group, GroupOptions, Section, SectionItem } from './section.ts'

const isAboutSeveral = (task: string): boolean => task.startsWith('pictures-')

/** Tasks about several pictures, and those about one. */
export const PICTURE_TASKS: readonly string[] = ALL_THING_TASK_IDS.filter(isAboutSeveral)
export const THING_TASKS: readonly string[] = ALL_THING_TASK_IDS.filter((task) => !isAboutSeveral(task))

/** Vendors whose drawings are shown together, by the name of their section. */
interface Drawers {
  readonly id: string
  readonly title: string
  readonly vendors: readonly Vendor[]
}

const TRAINED: Drawers = { id: 'trained', title: 'drawn by the vendors of training', vendors: TRAINED_VENDORS }

const alone = (vendor: Vendor): Drawers => ({
  id: vendor,
  title: TRAINED_VENDORS.includes(vendor) ? `drawn by ${vendor}` : `drawn by ${vendor}, which training never shows`,
  vendors: [vendor],
})

/** Who draws: what was asked for, or the vendors of training together and, in tests, each other one by itself. */
export function drawersOf({ vendors, split }: GroupOptions): readonly Drawers[] {
  if (vendors && vendors.length > 0) return vendors.map(alone)
  const unseen = VENDORS.filter((vendor) => !TRAINED_VENDORS.includes(vendor))
  return [TRAINED, ...(split === 'test' ? unseen.map(alone) : [])]
}

/** Pictures of things with a question, a dialogue, or a question about several. */
export function thingItem(
  { split, seed }: GroupOptions,
  { vendors, language = 'en' }: { readonly vendors: readonly Vendor[]; readonly language?: string },
): Section['item'] {
  const art = nodeArt()
  return (task, index): SectionItem => {
    const { scenes, turns, heldOut } = sampleThings({ split, seed, index, task, art, vendors, language })
    return { shown: { pictures: scenes.map(pictureOf) }, conversations: [turns], heldOut }
  }
}

const byDrawers =
  (tasks: readonly string[]): Group['sections'] =>
  (options) =>
    drawersOf(options).map(({ id, title, vendors }) => ({
      id,
      title,
      tasks,
      language: 'en',
      item: thingItem(options, { vendors }),
    }))

export const things: Group = {
  id: 'things',
  about: 'one picture of things: names, groups, counts, places, captions',
  sections: byDrawers(THING_TASKS),
}

export const images: Group = {
  id: 'images',
  about: 'two to four pictures at once',
  sections: byDrawers(PICTURE_TASKS),
}
