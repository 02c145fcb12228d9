/** `fovea eval world` where groups of questions are asked for. */
import { join } from 'node:path'
import { writeFileAtomic } from '../checkpoints/atomic.ts'
import { countParameters } from '../checkpoints/weight-table.ts'
import { FoveaError } from '../errors.ts'
import { openExaminer } from '../evaluation/exam/examiner.ts'
import { grayLike } from '../evaluation/exam/shown.ts'
import { chooseForSheet, contactSheet, type SheetEntry } from '../evaluation/groups/contact-sheet.ts'
import { evaluateGroup, type GroupRow, sectionsOf } from '../evaluation/groups/evaluate.ts'
import { type SectionSummary, summariseGroup } from '../evaluation/groups/group-summary.ts'
import { heldOutLine, percent, sectionTable } from '../evaluation/groups/group-tables.ts'
import { CARD_GROUPS, findGroup, GROUPS } from '../evaluation/groups/index.ts'
import type { Group, GroupOptions } from '../evaluation/groups/section.ts'
import { type CardGroup, modelCard } from '../evaluation/model-card.ts'
import type { Method } from '../pipeline/method/method.ts'
import type { Model } from '../pipeline/model.ts'
import { precisionJson } from '../pipeline/precision-report.ts'
import { VENDORS, type Vendor } from '../world/index.ts'
import { type ModelOptions, modelFolder } from './model-options.ts'
import { writeOutput } from './output-file.ts'
import { progressView } from './progress.ts'
import { note, print, table } from './terminal.ts'

export interface GroupFlags extends ModelOptions, GroupOptions {
  readonly n: number
  readonly task: string[]
  readonly group: string[]
  readonly vendor: Vendor[]
  readonly out?: string
  readonly sheet?: string
  readonly card?: boolean
}

/** The groups that a command line asks for; those with a task where only tasks are named. Throws FoveaError `eval_group`. */
export function groupsOf({ group, task, card }: Pick<GroupFlags, 'group' | 'task' | 'card'>, options: GroupOptions) {
  if (group.includes('all')) return GROUPS
  if (group.length > 0) return group.map(findGroup)
  if (card) return CARD_GROUPS
  // The questions of one language are those of other groups.
  return GROUPS.filter(({ id }) => id !== 'language').filter((each) => sectionsOf(each, options, task).length > 0)
}

/** Throws FoveaError `eval_task` for tasks that no group asks, and what the World refuses. */
export function assertGroups(groups: readonly Group[], options: GroupOptions, tasks: readonly string[]): void {
  const known = new Set(groups.flatMap((group) => group.sections(options).flatMap((section) => section.tasks)))
  const unknown = tasks.find((task) => !known.has(task))
  if (unknown === undefined) return
  throw new FoveaError(
    'eval_task',
    'usage',
    `Unknown World task "${unknown}" here: use some of ${[...known].join(', ')}`,
  )
}

export const optionsOf = ({ split, seed, frames, rate, vendor }: GroupFlags): GroupOptions => ({
  split,
  seed,
  frames,
  rate,
  ...(vendor.length > 0 && { vendors: vendor }),
})

type Results = readonly { readonly group: Group; readonly rows: readonly GroupRow[] }[]

export async function evalGroups(
  model: Model,
  method: Method,
  groups: readonly Group[],
  flags: GroupFlags,
  signal: AbortSignal,
): Promise<void> {
  const options = optionsOf(flags)
  const examiner = await openExaminer({ model, method, signal })
  const results: { group: Group; rows: readonly GroupRow[] }[] = []
  try {
    for (const group of groups) {
      if (signal.aborted) break
      const rows = await evaluate(group, { ...flags, ...options }, examiner, signal)
      results.push({ group, rows })
      if (!flags.json && rows.length > 0) print(describe(group, options, rows))
    }
  } finally {
    await examiner.dispose()
  }
  if (flags.out) await writeRows(flags.out, results)
  if (flags.json) print(JSON.stringify(toJson(flags, model, method, results)))
  if (signal.aborted) note('stopped early; the figures are of what was asked until then')
  else await writePages(model, flags, results)
}

async function evaluate(
  group: Group,
  flags: GroupFlags,
  examiner: Awaited<ReturnType<typeof openExaminer>>,
  signal: AbortSignal,
): Promise<GroupRow[]> {
  const view = progressView(group.id.padEnd(8), flags.n)
  let [asked, right] = [0, 0]
  const onRows = (rows: readonly GroupRow[], done: number, total: number) => {
    asked += rows.length
    right += rows.filter(({ correct }) => correct).length
    view.update(done, total, `${rows[0]?.task ?? ''} · ${percent(right / Math.max(1, asked))} % right`)
  }
  try {
    return await evaluateGroup(group, { ...flags, tasks: flags.task, examiner, signal, onRows })
  } finally {
    view.stop()
  }
}

const titlesOf = (group: Group, options: GroupOptions): ReadonlyMap<string, string> =>
  new Map(group.sections(options).map(({ id, title }) => [id, title]))

function describe(group: Group, options: GroupOptions, rows: readonly GroupRow[]): string {
  const titles = titlesOf(group, options)
  return summariseGroup(rows)
    .map((section) => {
      const { header, rows: cells } = sectionTable(section)
      const heads = header.map((head, at) => (at === 0 ? head : `>${head}`))
      return `${group.id}: ${titles.get(section.section)}\n${table(heads, cells)}\n${heldOutLine(section)}\n`
    })
    .join('\n')
}

function toJson(flags: GroupFlags, model: Model, method: Method, results: Results) {
  const { precision } = model.parts
  const summaries = results.map(({ group, rows }) => [group.id, summariseGroup(rows)] as const)
  return {
    model: flags.model,
    dtype: precision.dtype,
    precision: precisionJson(precision),
    method: method.name,
    split: flags.split,
    seed: flags.seed,
    n: flags.n,
    frames: flags.frames,
    rate: flags.rate,
    groups: Object.fromEntries(summaries) as Record<string, SectionSummary[]>,
  }
}

async function writeRows(path: string, results: Results): Promise<void> {
  const lines = results.flatMap(({ rows }) => rows.map((row) => `${JSON.stringify(row)}\n`))
  await writeOutput(path, new TextEncoder().encode(lines.join('')))
}

/** Right and wrong answers that are shown. */
const SHOWN_EACH = 10
/** Beside the card. */
const SHEET = 'answers.png'

async function writePages(model: Model, flags: GroupFlags, results: Results): Promise<void> {
  const folder = flags.card ? await modelFolder(flags.model) : undefined
  const path = flags.sheet ?? (folder && join(folder, SHEET))
  const sheet = path === undefined ? undefined : await sheetOf(flags, results)
  if (path && sheet) await writeOutput(path, sheet)
  if (path && sheet) note(`wrote ${path}`)
  if (flags.sheet && !sheet)
    note('no picture of answers: ask the group things, of a vendor that training never shows (--vendor fxemoji)')
  if (!folder) return
  const card = modelCard(await factsOf(model, flags, results, sheet ? SHEET : undefined))
  await writeFileAtomic(join(folder, 'README.md'), new TextEncoder().encode(card))
  note(`wrote ${join(folder, 'README.md')}`)
}

/** Answers about things of the vendor never seen, as a picture; undefined where none were asked for. */
async function sheetOf(flags: GroupFlags, results: Results): Promise<Uint8Array | undefined> {
  const things = results.find(({ group }) => group.id === 'things')
  const section = things && sectionsOf(things.group, optionsOf(flags)).find(({ id }) => id === UNSEEN)
  if (!things || !section) return undefined
  const own = things.rows.filter((row) => row.section === section.id && row.task !== 'thing-dialogue')
  const entries: SheetEntry[] = []
  for (const row of chooseForSheet(own, SHOWN_EACH, flags.seed)) {
    const { shown } = await section.item(row.task, row.index)
    entries.push({ row, picture: shown.pictures[0] })
  }
  return entries.length > 0 ? contactSheet(entries) : undefined
}

/** Whose drawings training never shows. */
const UNSEEN: Vendor = VENDORS[VENDORS.length - 1]

async function factsOf(model: Model, flags: GroupFlags, results: Results, sheet: string | undefined) {
  const { model: name, split, seed, n, frames, rate, group } = flags
  const { viewSize } = model.parts.architecture.vision
  const { visual } = await model.count({ prompt: '?', images: [grayLike({ width: viewSize, height: viewSize })] })
  const groups = results.map(({ group: each, rows }): CardGroup => {
    const titles = titlesOf(each, optionsOf(flags))
    const sections = summariseGroup(rows).map((section) => ({ ...section, title: titles.get(section.section) ?? '' }))
    return { id: each.id, about: each.about, sections }
  })
  const some = [
    ...group.map((id) => ` --group ${id}`),
    frames === 8 ? '' : ` --frames ${frames}`,
    rate === 1 ? '' : ` --rate ${rate}`,
  ]
  return {
    parameters: countParameters(model.parts.weights),
    visualTokens: visual,
    imageSize: viewSize,
    seed,
    split,
    frames,
    groups,
    sheet,
    command: `fovea eval world --model ${name} --split ${split} --seed ${seed} --n ${n}${some.join('')} --card`,
  }
}
