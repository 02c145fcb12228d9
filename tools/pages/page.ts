/** The page of a paper. */
import { optionTable } from '../../src/papers/option-table.ts'
import type { Paper } from '../../src/papers/paper.ts'
import type { Measured } from '../../src/papers/reports/catalogue.ts'
import {
  formatBaseline,
  formatInterval,
  formatPaper,
  formatState,
  formatValue,
  formatVerdict,
} from '../../src/papers/reports/format.ts'
import type { PartResult } from '../../src/papers/reports/results.ts'
import { PARTS, type Row } from '../../src/papers/reports/row.ts'
import { benchmarkSection } from './benchmark.ts'
import { list, math, table } from './markdown.ts'
import { picturePath } from './pictures.ts'
import { runningSection } from './running.ts'
import { hasPicture, shownMethod } from './shown.ts'

export const NOTICE = 'Written by `npm run generate`; do not edit.'

/** Papers that have a page: what can be run or measured, and surveys. */
export const hasPage = ({ entry, results }: Measured): boolean =>
  Boolean(entry.method || entry.run || entry.taxonomy || results)

export function paperPage(one: Measured, all: readonly Measured[] = [one]): string {
  const { entry, standing } = one
  const notes = [...standing.reasons, ...standing.stale]
  return [
    `# ${entry.name}`,
    source(entry),
    entry.summary,
    `State: **${formatState(standing)}**.`,
    ...(notes.length > 0 ? [list(notes)] : []),
    ...ruleSection(entry),
    ...pictureSection(entry),
    ...optionSection(entry),
    ...runningSection(entry),
    ...taxonomySection(one, all),
    ...measuredSection(one),
    `${NOTICE}\n`,
  ].join('\n\n')
}

/** Title, place and code. */
function source({ title, url, venue, code, kind }: Paper): string {
  const facts = [venue, code && `[code of the authors](${code})`, kind.join(', ')].filter(Boolean)
  return `${url ? `[${title}](${url})` : title}  \n${facts.join(' · ')}`
}

function ruleSection({ equation, where, differs = [] }: Paper): string[] {
  return [
    ...(equation ? ['## Rule', math(equation)] : []),
    ...(where ? [where] : []),
    ...(differs.length > 0 ? ['## What differs from the paper', list(differs)] : []),
  ]
}

function pictureSection(entry: Paper): string[] {
  if (!hasPicture(entry)) return []
  return [
    '## What it keeps',
    `![patches that ${entry.name} keeps of three images](${picturePath(entry)})`,
    `\`${shownMethod(entry)}\` on the embedded model: bright patches stay as they are, half-dark ones were merged with others into one token, dark ones are gone before the last layer. Below each image the question and the answer.`,
  ]
}

function optionSection(entry: Paper): string[] {
  const rows = optionTable(entry).map(({ name, byDefault, range, about }) => [`\`${name}\``, byDefault, range, about])
  return rows.length > 0 ? ['## Options', table(['option', 'default', 'range', 'what it does'], rows)] : []
}

/** The branches of a survey, each with what stands for it here and how far that is. */
function taxonomySection({ entry: { taxonomy } }: Measured, all: readonly Measured[]): string[] {
  if (!taxonomy) return []
  const named = (id: string) => {
    const found = all.find((one) => one.entry.id === id)!
    const name = hasPage(found) ? `[${found.entry.name}](${id}.md)` : found.entry.name
    return `${name} (${formatState(found.standing)})`
  }
  const rows = taxonomy.map(({ category, definition, entries, families = [], open = '' }) => [
    category,
    definition,
    entries.map(named).join(', '),
    families.join(', '),
    open,
  ])
  return ['## Taxonomy', table(['branch', 'what belongs there', 'papers here', 'families here', 'open'], rows)]
}

function measuredSection({ entry, results }: Measured): string[] {
  const parts = PARTS.flatMap((part) => (results?.parts[part] ? partSection(entry.id, part, results.parts[part]) : []))
  const found = [...benchmarkSection(entry), ...parts]
  return found.length > 0 ? ['## Measured', ...found] : []
}

const rowCells = (row: Row): string[] => [
  row.name,
  formatValue(row.value, row.unit),
  formatInterval(row),
  formatBaseline(row),
  formatPaper(row),
  formatVerdict(row),
]

function partSection(id: string, part: string, { rows, date, version, model, split, seed, n }: PartResult): string[] {
  const command = `fovea reproduce ${id} --only ${part} --seed ${seed} --n ${n}`
  return [
    `### ${part[0].toUpperCase()}${part.slice(1)}`,
    `\`${command}\`: ${model}, ${split} split, ${n} images a task; fovea ${version}, ${date.slice(0, 10)}.`,
    table(['what', 'measured:', '95 % interval', 'baseline', 'the paper', 'verdict'], (rows as Row[]).map(rowCells)),
  ]
}
