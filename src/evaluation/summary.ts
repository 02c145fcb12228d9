import { meanProportion, type Proportion, wilson } from './proportion.ts'
import type { ResultRow } from './world.ts'

/** One task's figures, all shares of 1. */
export interface TaskSummary {
  readonly task: string
  readonly count: number
  readonly accuracy: Proportion
  readonly blind: number
  readonly chance: number
  readonly majority: number
  /** Mean overlap of boxes, where answers are boxes. */
  readonly meanIou?: number
}

export interface Summary {
  readonly tasks: readonly TaskSummary[]
  /** The mean over tasks, each counting alike. */
  readonly average: Omit<TaskSummary, 'task' | 'meanIou'>
  /** Questions about compositions that training never showed, and all others. */
  readonly heldOut: Proportion & { readonly count: number }
  readonly seen: Proportion & { readonly count: number }
  readonly visualTokens: { readonly before: number; readonly after: number }
  /** Mean time of a question that was asked of its image. */
  readonly milliseconds: number
}

/** Condenses rows of one set; throws nothing for an empty list, whose figures are zeros. */
export function summarise(rows: readonly ResultRow[]): Summary {
  const names = [...new Set(rows.map((row) => row.task))]
  const tasks = names.map((task) =>
    summariseTask(
      task,
      rows.filter((row) => row.task === task),
    ),
  )
  const over = (key: 'blind' | 'chance' | 'majority') => mean(tasks.map((task) => task[key]))
  return {
    tasks,
    average: {
      count: rows.length,
      accuracy: meanProportion(tasks.map(({ accuracy }) => accuracy)),
      blind: over('blind'),
      chance: over('chance'),
      majority: over('majority'),
    },
    heldOut: proportionOf(rows.filter((row) => row.heldOut)),
    seen: proportionOf(rows.filter((row) => !row.heldOut)),
    visualTokens: {
      before: mean(rows.map((row) => row.visualTokens.before)),
      after: mean(rows.map((row) => row.visualTokens.after)),
    },
    milliseconds: mean(rows.map((row) => row.milliseconds)),
  }
}

function summariseTask(task: string, rows: readonly ResultRow[]): TaskSummary {
  const overlaps = rows.flatMap((row) => row.iou ?? [])
  return {
    task,
    count: rows.length,
    accuracy: wilson(rows.filter((row) => row.correct).length, rows.length),
    blind: mean(rows.map((row) => Number(row.blindCorrect))),
    chance: mean(rows.map((row) => row.chance)),
    majority: mean(rows.map((row) => Number(row.majorityCorrect))),
    ...(overlaps.length === rows.length && overlaps.length > 0 && { meanIou: mean(overlaps) }),
  }
}

function proportionOf(rows: readonly ResultRow[]): Proportion & { count: number } {
  return { ...wilson(rows.filter((row) => row.correct).length, rows.length), count: rows.length }
}

const mean = (values: readonly number[]): number =>
  values.length ? values.reduce((sum, value) => sum + value, 0) / values.length : 0
