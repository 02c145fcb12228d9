/**
 * Writes docs/papers/ from the results of papers: `npx tsx tools/paper-pages.ts [--check]`. A page for each paper that
 * has results, and an index. With `--check` nothing is written; the exit code is 1 when a page is out of date.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { papers } from '../src/papers/registry.ts'
import { type Measured, measuredPapers } from '../src/papers/reports/catalogue.ts'
import {
  formatBaseline,
  formatInterval,
  formatPaper,
  formatState,
  formatValue,
  formatVerdict,
} from '../src/papers/reports/format.ts'
import type { PartResult } from '../src/papers/reports/results.ts'
import { PARTS, type Row } from '../src/papers/reports/row.ts'
import { isEntry } from './entry.ts'

const FOLDER = 'docs/papers'
const NOTICE = 'Written by `npm run generate` from `results/`; do not edit.'

/** Text in a cell of a table. */
const cell = (text: string): string => text.replaceAll('|', '\\|').replaceAll('<', '&lt;').replaceAll('\n', ' ')

/** Rows of a Markdown table under a header whose titles end in ":" where they are aligned to the right. */
function table(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const titles = header.map((title) => title.replace(/:$/, ''))
  const rules = header.map((title) => (title.endsWith(':') ? '--:' : '---'))
  return [titles, rules, ...rows.map((cells) => cells.map(cell))].map((cells) => `| ${cells.join(' | ')} |`).join('\n')
}

const rowCells = (row: Row): string[] => [
  row.name,
  formatValue(row.value, row.unit),
  formatInterval(row),
  formatBaseline(row),
  formatPaper(row),
  formatVerdict(row),
]

function section(id: string, part: string, { rows, date, version, model, split, seed, n }: PartResult): string {
  const command = `fovea reproduce ${id} --only ${part} --seed ${seed} --n ${n}`
  return [
    `## ${part[0].toUpperCase()}${part.slice(1)}`,
    `\`${command}\`: ${model}, ${split} split, ${n} images a task; fovea ${version}, ${date.slice(0, 10)}.`,
    table(['what', 'measured:', '95 % interval', 'baseline', 'the paper', 'verdict'], (rows as Row[]).map(rowCells)),
  ].join('\n\n')
}

/** The branches of a survey, each with what stands for it here and how far that is. */
function taxonomySection({ entry: { taxonomy } }: Measured, all: readonly Measured[]): string[] {
  if (!taxonomy) return []
  const named = (id: string) => {
    const { entry, standing, results } = all.find((one) => one.entry.id === id)!
    const name = results ? `[${entry.name}](${id}.md)` : entry.name
    return `${name} (${formatState(standing)})`
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

/** The page of a paper with results: its claims beside what was measured. */
export function paperPage(one: Measured, all: readonly Measured[] = [one]): string {
  const { entry, results, standing } = one
  const { id, name, title, url, summary } = entry
  const notes = [...standing.reasons, ...standing.stale].map((note) => `- ${note}`)
  const parts = PARTS.flatMap((part) => (results?.parts[part] ? [section(id, part, results.parts[part])] : []))
  return [
    `# ${name}`,
    url ? `[${title}](${url})` : title,
    summary,
    `State: **${formatState(standing)}**.`,
    ...(notes.length > 0 ? [notes.join('\n')] : []),
    ...taxonomySection(one, all),
    ...parts,
    `${NOTICE}\n`,
  ].join('\n\n')
}

const explanation = `What was measured of the papers, by \`fovea reproduce\`. A state is computed: \`runnable\`, nothing measured holds yet;
\`checks\`, its exact invariants hold; \`effect\`, what it claims holds on the embedded model, in an interval that excludes
zero; \`headline\`, what it saves holds at the paper's own shapes; \`green\`, all that it owes; \`refuted\`, a claim does not
hold here. A stale result was measured with other code of the paper or other weights.`

/** The index of all papers that have a page. */
export function indexPage(measured: readonly Measured[]): string {
  const rows = measured.map(({ entry, standing }) => [
    `[${entry.name}](${entry.id}.md)`,
    entry.kind.join(', '),
    formatState(standing),
    [...standing.reasons, ...standing.stale].join('; '),
  ])
  return ['# Papers', explanation, table(['paper', 'kind', 'state', 'because'], rows), `${NOTICE}\n`].join('\n\n')
}

/** File names and what should stand in them. */
export function paperPages(measured: readonly Measured[]): Map<string, string> {
  const shown = measured.filter(({ entry, results }) => results || entry.taxonomy)
  return new Map([
    ['README.md', indexPage(shown)],
    ...shown.map((one) => [`${one.entry.id}.md`, paperPage(one, measured)] as const),
  ])
}

/** Names in `folder` whose text is not as it should be, those too much or missing among them. */
export function stalePages(folder: string, pages: ReadonlyMap<string, string>): string[] {
  const there = existsSync(folder) ? readdirSync(folder) : []
  const text = (name: string) => (there.includes(name) ? readFileSync(join(folder, name), 'utf8') : undefined)
  return [...new Set([...there, ...pages.keys()])].filter((name) => text(name) !== pages.get(name)).sort()
}

function write(folder: string, name: string, text: string | undefined): void {
  mkdirSync(folder, { recursive: true })
  if (text === undefined) rmSync(join(folder, name))
  else writeFileSync(join(folder, name), text)
}

if (isEntry(import.meta.url)) {
  const { values } = parseArgs({ options: { check: { type: 'boolean' } } })
  const pages = paperPages(await measuredPapers(papers, ['results']))
  const stale = stalePages(FOLDER, pages)
  for (const name of stale) {
    if (!values.check) write(FOLDER, name, pages.get(name))
    console.log(values.check ? `${FOLDER}/${name} is out of date; run npm run generate` : `wrote ${FOLDER}/${name}`)
  }
  if (values.check && stale.length > 0) process.exitCode = 1
  else if (values.check) console.log('pages of papers: up to date')
}
