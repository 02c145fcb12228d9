/** Figures of a section as the cells of a table, for terminals and for Markdown. */
import type { Proportion } from '../proportion.ts'
import type { GroupTask, SectionSummary } from './group-summary.ts'
import type { Target } from './targets.ts'

export const percent = (share: number): string => (100 * share).toFixed(1)

export const interval = ({ share, low, high }: Proportion): string =>
  `${percent(share)} % (${percent(low)}-${percent(high)})`

/** A column: its head, and its cell for a task or for the mean; it is left out where all cells are empty. */
interface Column {
  readonly head: string
  readonly cell: (task: Partial<GroupTask>) => string | undefined
}

const share = (value: number | undefined): string | undefined =>
  value === undefined ? undefined : `${percent(value)} %`

const COLUMNS: readonly Column[] = [
  { head: 'questions', cell: ({ count }) => String(count) },
  { head: 'right (95 % interval)', cell: ({ accuracy }) => accuracy && interval(accuracy) },
  { head: 'shuffled', cell: ({ shuffled }) => share(shuffled) },
  { head: 'best frame', cell: ({ bestFrame }) => share(bestFrame?.share) },
  { head: 'blind', cell: ({ blind }) => share(blind) },
  { head: 'random', cell: ({ chance }) => share(chance) },
  { head: 'majority', cell: ({ majority }) => share(majority) },
  { head: 'mean IoU', cell: ({ meanIou }) => meanIou?.toFixed(3) },
  { head: 'within 1 s', cell: ({ withinSecond }) => share(withinSecond) },
  { head: 'precision', cell: ({ pope }) => share(pope?.precision) },
  { head: 'recall', cell: ({ pope }) => share(pope?.recall) },
  { head: 'F1', cell: ({ pope }) => share(pope?.f1) },
  { head: 'yes', cell: ({ pope }) => share(pope?.yes) },
  { head: 'made up, of things (CHAIR i)', cell: ({ chair }) => share(chair?.instances) },
  { head: 'made up, of captions (CHAIR s)', cell: ({ chair }) => share(chair?.sentences) },
]

export interface SectionTable {
  readonly header: readonly string[]
  readonly rows: readonly (readonly string[])[]
}

/** All tasks, and their mean where there are several. */
export function sectionTable({ tasks, average }: SectionSummary): SectionTable {
  const { bestFrame, ...means } = average
  const mean = { ...means, ...(bestFrame !== undefined && { bestFrame: { frame: '', share: bestFrame } }) }
  const lines: (Partial<GroupTask> & { task: string })[] = [
    ...tasks,
    ...(tasks.length > 1 ? [{ task: 'mean of tasks', ...mean }] : []),
  ]
  const columns = COLUMNS.filter(({ cell }) => tasks.some((task) => cell(task) !== undefined))
  return {
    header: ['task', ...columns.map(({ head }) => head)],
    rows: lines.map((line) => [line.task, ...columns.map(({ cell }) => cell(line) ?? '')]),
  }
}

export function markdownTable({ header, rows }: SectionTable): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`
  return [line(header), `|---|${'--:|'.repeat(header.length - 1)}`, ...rows.map(line)].join('\n')
}

/** What was held out, in a sentence. */
export function heldOutLine({ heldOut, seen }: SectionSummary): string {
  if (heldOut.count === 0) return 'No question is about a combination that training never shows.'
  return `Combinations that training never shows: ${interval(heldOut)} of ${heldOut.count} questions; all others: ${interval(seen)} of ${seen.count}.`
}

/** "- naming: 91.0 % (88.1-93.4), aim at least 90 %: met". */
export function targetLine({ name, aim, found, interval: range, isMet, missing }: Target): string {
  if (found === undefined) return `- ${name}: not measured, aim ${aim}`
  const value = range ? interval(range) : `${found.toFixed(1)}${aim.endsWith('points') ? ' points' : ' %'}`
  return `- ${name}: ${value}, aim ${aim}: ${isMet ? 'met' : `**missed by ${missing.toFixed(1)} points**`}`
}
