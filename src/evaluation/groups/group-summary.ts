import { chairScores, popeScores } from '../../world/index.ts'
import { meanProportion, type Proportion, wilson } from '../proportion.ts'
import type { TaskSummary } from '../summary.ts'
import type { GroupRow } from './evaluate.ts'
import { isFrameArm, SHUFFLED } from './video.ts'

/** One task's figures; shares are of 1. */
export interface GroupTask extends TaskSummary {
  /** Of films: with their frames in another order, and with the one frame that helps most. */
  readonly shuffled?: number
  readonly bestFrame?: { readonly frame: string; readonly share: number }
  /** Of moments: how many answers are at most a second off. */
  readonly withinSecond?: number
  /** Of polls: precision, recall, F1 and how often yes was said. */
  readonly pope?: ReturnType<typeof popeScores>
  /** Of captions: things made up among those named, and captions that make one up. */
  readonly chair?: ReturnType<typeof chairScores>
}

export interface SectionSummary {
  readonly section: string
  readonly tasks: readonly GroupTask[]
  /** The mean over tasks, each counting alike. */
  readonly average: Pick<GroupTask, 'count' | 'accuracy' | 'blind' | 'chance' | 'majority' | 'shuffled'> & {
    readonly bestFrame?: number
  }
  /** Questions about compositions that training never showed, and all others. */
  readonly heldOut: Counted
  readonly seen: Counted
}

type Counted = Proportion & { readonly count: number }

/** Condenses the rows of a group, section by section, in their order. */
export function summariseGroup(rows: readonly GroupRow[]): SectionSummary[] {
  const sections = [...new Set(rows.map(({ section }) => section))]
  return sections.map((section) =>
    summariseSection(
      section,
      rows.filter((row) => row.section === section),
    ),
  )
}

function summariseSection(section: string, rows: readonly GroupRow[]): SectionSummary {
  const names = [...new Set(rows.map(({ task }) => task))]
  const tasks = names.map((task) =>
    summariseTask(
      task,
      rows.filter((row) => row.task === task),
    ),
  )
  const over = (of: (task: GroupTask) => number) => mean(tasks.map(of))
  const isFilm = tasks.some(({ shuffled }) => shuffled !== undefined)
  return {
    section,
    tasks,
    average: {
      count: rows.length,
      accuracy: meanProportion(tasks.map(({ accuracy }) => accuracy)),
      blind: over(({ blind }) => blind),
      chance: over(({ chance }) => chance),
      majority: over(({ majority }) => majority),
      ...(isFilm && {
        shuffled: over(({ shuffled = 0 }) => shuffled),
        bestFrame: over(({ bestFrame }) => bestFrame?.share ?? 0),
      }),
    },
    heldOut: counted(rows.filter(({ heldOut }) => heldOut)),
    seen: counted(rows.filter(({ heldOut }) => !heldOut)),
  }
}

function summariseTask(task: string, rows: readonly GroupRow[]): GroupTask {
  const overlaps = rows.flatMap(({ iou }) => iou ?? [])
  const { count, ...accuracy } = counted(rows)
  return {
    task,
    count,
    accuracy,
    blind: mean(rows.map(({ others }) => Number(others.blind))),
    chance: mean(rows.map((row) => row.chance)),
    majority: mean(rows.map(({ majorityCorrect }) => Number(majorityCorrect))),
    ...(overlaps.length === rows.length && { meanIou: mean(overlaps) }),
    ...timeless(rows),
    ...(rows.some(({ off }) => off !== undefined) && { withinSecond: mean(rows.map(isNear)) }),
    ...(task.startsWith('pope-') && { pope: popeScores(rows.map(polled)) }),
    ...(rows.some((row) => row.chair) && { chair: chairScores(rows.flatMap((row) => row.chair ?? [])) }),
  }
}

const isNear = ({ off = Number.POSITIVE_INFINITY }: GroupRow): number => Number(off <= 1)

const polled = ({ reply, answer }: GroupRow) => ({ said: reply.trim() === 'yes', right: answer === 'yes' })

/** What is right without the order of time. The best frame is the one place in all films that helps most. */
function timeless(rows: readonly GroupRow[]): Pick<GroupTask, 'shuffled' | 'bestFrame'> {
  const names = Object.keys(rows[0].others)
  if (!names.includes(SHUFFLED)) return {}
  const share = (name: string) => mean(rows.map(({ others }) => Number(others[name] ?? false)))
  const frames = names.filter(isFrameArm).map((frame) => ({ frame, share: share(frame) }))
  return {
    shuffled: share(SHUFFLED),
    bestFrame: frames.reduce((best, each) => (each.share > best.share ? each : best)),
  }
}

function counted(rows: readonly GroupRow[]): Counted {
  return { ...wilson(rows.filter(({ correct }) => correct).length, rows.length), count: rows.length }
}

const mean = (values: readonly number[]): number =>
  values.length ? values.reduce((sum, value) => sum + value, 0) / values.length : 0
