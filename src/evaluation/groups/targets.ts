/** What fovea-mini is meant to reach on World 2, and whether a measurement does. */
import { meanProportion, type Proportion } from '../proportion.ts'
import type { GroupTask, SectionSummary } from './group-summary.ts'

/** Summaries by group. */
export type Measured = Readonly<Record<string, readonly SectionSummary[]>>

export interface Target {
  readonly name: string
  readonly aim: string
  /** What was found, in percent or points; undefined where it was not measured. */
  readonly found?: number
  readonly interval?: Proportion
  readonly isMet: boolean
  /** How far it is from the aim, in points; 0 where it is met. */
  readonly missing: number
}

/** A figure in percent or points, and the interval of a share. */
interface Figure {
  readonly value: number
  readonly interval?: Proportion
}

const UNSEEN = 'fxemoji'
const TRAINED = 'trained'

const sectionOf = (all: Measured, group: string, section: string): SectionSummary | undefined =>
  all[group]?.find((each) => each.section === section)

function tasksIn(
  all: Measured,
  group: string,
  section: string,
  ids: readonly string[],
): readonly GroupTask[] | undefined {
  const found = sectionOf(all, group, section)?.tasks.filter(({ task }) => ids.includes(task))
  return found?.length === ids.length ? found : undefined
}

/** The mean accuracy of tasks, of all those of a section where none are named. */
function accuracy(all: Measured, group: string, section: string, ...ids: string[]): Figure | undefined {
  const tasks = ids.length > 0 ? tasksIn(all, group, section, ids) : sectionOf(all, group, section)?.tasks
  if (!tasks) return undefined
  const interval = meanProportion(tasks.map((task) => task.accuracy))
  return { value: 100 * interval.share, interval }
}

function blind(all: Measured, group: string, section: string, id: string): Figure | undefined {
  const [task] = tasksIn(all, group, section, [id]) ?? []
  return task && { value: 100 * task.blind }
}

/** Points above the best single frame. */
function aboveFrame(all: Measured, id: string): Figure | undefined {
  const [task] = tasksIn(all, 'video', TRAINED, [id]) ?? []
  return task?.bestFrame && { value: 100 * (task.accuracy.share - task.bestFrame.share) }
}

/** Points that Spanish is behind English. */
function behindEnglish(all: Measured): Figure | undefined {
  const [english, spanish] = ['en', 'es'].map((id) => sectionOf(all, 'language', id)?.average.accuracy.share)
  return english === undefined || spanish === undefined ? undefined : { value: 100 * (english - spanish) }
}

const atLeast = (name: string, least: number, figure: Figure | undefined, unit = ' %'): Target =>
  target(name, `at least ${least}${unit}`, figure, figure ? least - figure.value : 0)

const below = (name: string, most: number, figure: Figure | undefined, unit = ' %'): Target =>
  target(name, `below ${most}${unit}`, figure, figure ? figure.value - most : 0, true)

function target(name: string, aim: string, figure: Figure | undefined, excess: number, isStrict = false): Target {
  const isMet = figure !== undefined && (isStrict ? excess < 0 : excess <= 0)
  const { value: found, interval } = figure ?? {}
  return { name, aim, found, interval, isMet, missing: Math.max(0, excess) }
}

/** Every target, held against what was measured. */
export function targetsOf(all: Measured): Target[] {
  const points = ' points'
  return [
    atLeast('shapes, words, charts and grids, mean of tasks', 94, accuracy(all, 'shapes', 'world')),
    atLeast('drawings by another renderer, mean of tasks', 93, accuracy(all, 'drawings', 'drawings')),
    atLeast('naming a thing of trained vendors', 90, accuracy(all, 'things', TRAINED, 'thing-name')),
    atLeast('naming a thing of the vendor never seen', 55, accuracy(all, 'things', UNSEEN, 'thing-name')),
    below('the same, blind', 2, blind(all, 'things', UNSEEN, 'thing-name')),
    atLeast('group of a thing of the vendor never seen', 75, accuracy(all, 'things', UNSEEN, 'thing-group')),
    atLeast('counting things', 85, accuracy(all, 'things', TRAINED, 'thing-count')),
    atLeast('relations of things', 85, accuracy(all, 'things', TRAINED, 'thing-relation')),
    atLeast('captions, short and long', 80, accuracy(all, 'things', TRAINED, 'thing-caption', 'thing-story')),
    atLeast('several images, mean of tasks', 85, accuracy(all, 'images', TRAINED)),
    atLeast('films, mean of tasks', 85, accuracy(all, 'video', TRAINED)),
    atLeast('which way it moves, above the best single frame', 25, aboveFrame(all, 'film-motion'), points),
    atLeast('order of events, above the best single frame', 25, aboveFrame(all, 'film-order'), points),
    below('Spanish behind English', 5, behindEnglish(all), points),
  ]
}
