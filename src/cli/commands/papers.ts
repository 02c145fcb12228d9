import { type OptionRow, optionTable } from '../../papers/option-table.ts'
import type { Paper } from '../../papers/paper.ts'
import { filterPapers, findPaper, papers } from '../../papers/registry.ts'
import { type Measured, measuredPapers } from '../../papers/reports/catalogue.ts'
import { formatState } from '../../papers/reports/format.ts'
import { paperJson } from '../../papers/reports/paper-json.ts'
import { PARTS, type Row } from '../../papers/reports/row.ts'
import { closest } from '../../text/closest.ts'
import { command } from '../command.ts'
import { escapeLine } from '../escape.ts'
import { rowLines } from '../row-lines.ts'
import { note, print, table, terminalWidth, wrap } from '../terminal.ts'

function listPapers(found: readonly Measured[]): string {
  const rows = found.map(({ entry, standing }) => [
    entry.id,
    entry.name,
    entry.date,
    entry.kind.join(', '),
    formatState(standing),
  ])
  const listed = found.length > 0 ? `${table(['id', 'name', 'date', 'kind', 'state'], rows)}\n\n` : ''
  return listed + roles.map(({ role, plural }) => countStates(found, role, plural)).join('\n')
}

const roles = [
  { role: 'catalogue', plural: 'papers' },
  { role: 'algorithm', plural: 'further algorithms' },
  { role: 'baseline', plural: 'baselines' },
] as const

/** `63 papers: 60 described, 3 runnable`, or `2 of 63 papers: ...` for a part of them. */
function countStates(found: readonly Measured[], role: NonNullable<Paper['role']>, plural: string): string {
  const hasRole = (entry: Paper) => (entry.role ?? 'catalogue') === role
  const shown = found.filter(({ entry }) => hasRole(entry)).map(({ standing }) => formatState(standing))
  const total = papers.filter(hasRole).length
  const counts = [...new Set(shown)].map((name) => `${shown.filter((other) => other === name).length} ${name}`)
  return [`${shown.length === total ? '' : `${shown.length} of `}${total} ${plural}`, counts.join(', ')]
    .filter(Boolean)
    .join(': ')
}

/** Every field on its own line, wrapped beside its name. */
function describePaper({ entry, standing }: Measured): string {
  const fields: Record<string, string | undefined> = {
    id: entry.id,
    role: entry.role,
    name: entry.name,
    title: entry.title,
    date: entry.date,
    venue: entry.venue,
    kind: entry.kind.join(', '),
    places: entry.places.join(', '),
    state: formatState(standing),
    because: standing.reasons.join('; '),
    stale: standing.stale.join('; '),
    link: entry.url,
    arxiv: entry.arxiv,
    code: entry.code,
    options: optionTable(entry).map(optionText).join('; '),
    summary: entry.summary,
    rule: entry.equation?.trim().replace(/\s*\n\s*/g, ' ; '),
    where: entry.where,
    differs: entry.differs?.join(' '),
  }
  const margin = 9
  return Object.entries(fields)
    .flatMap(([name, text]) =>
      text
        ? `${name.padEnd(margin)}${wrap(text, terminalWidth() - margin).replaceAll('\n', `\n${' '.repeat(margin)}`)}`
        : [],
    )
    .join('\n')
}

/** `keep=0.5 (0 to 1)` */
const optionText = ({ name, byDefault, range }: OptionRow): string =>
  `${byDefault === '' ? name : `${name}=${byDefault}`} (${range})`

/** What was measured of a paper, part by part, each with where it comes from. */
function describeResults({ results }: Measured): string[] {
  return PARTS.flatMap((part) => {
    const found = results?.parts[part]
    if (!found) return []
    const { model, split, seed, n, date, version, rows } = found
    const facts = `${model}, ${split} split, seed ${seed}, ${n} images a task; fovea ${version}, ${date.slice(0, 10)}`
    return [
      '',
      ...rows.flatMap((row, at) => rowLines(row as Row, at === 0)),
      `  ${wrap(facts, terminalWidth() - 2, 2)}`,
    ]
  })
}

/** What may have been meant, where nothing was found. */
function nothingFound(text: string, kind?: string): string {
  const near = closest(text, [...new Set(papers.flatMap(({ id, name }) => [id, name]))])
  const hint = near.length > 0 ? `did you mean ${near.join(', ')}?` : 'fovea papers lists all of them'
  return `no paper${kind === undefined ? '' : ` of kind ${kind}`} has ${JSON.stringify(text)}; ${escapeLine(hint)}`
}

async function showPaper(id: string, json = false): Promise<void> {
  const [found] = await measuredPapers([findPaper(id)])
  print(json ? JSON.stringify(paperJson(found, true)) : [describePaper(found), ...describeResults(found)].join('\n'))
}

const show = command<{ json?: boolean }>({
  name: 'show',
  summary: 'Show all that is known about one paper: its claims beside what was measured',
  examples: ['fovea papers show fastvlm', 'fovea papers show fastv --json'],
  configure: (program) =>
    program.argument('<id>', 'as fovea papers lists it').option('--json', 'print one JSON object'),
  run: ({ args: [id], options }) => showPaper(id as string, options.json),
})

export const papersCommand = command<{ kind?: string; json?: boolean }>({
  name: 'papers',
  summary: 'List the papers behind the methods, and what was measured of each',
  examples: [
    'fovea papers',
    'fovea papers video token --kind reducer',
    'fovea papers --json',
    'fovea papers fastv',
    'fovea papers show fastvlm',
  ],
  configure: (program) =>
    program
      .argument('[text...]', 'words that the entry must contain; an id alone shows that paper')
      .option('--kind <kind>', 'only papers of this kind')
      .option('--json', 'print a JSON array, or one object for an id'),
  subcommands: [show as never],
  run: async ({ args: [words], options: { kind, json } }) => {
    const [id, ...rest] = words as string[]
    if (kind === undefined && rest.length === 0 && papers.some((entry) => entry.id === id)) return showPaper(id, json)
    const found = await measuredPapers(filterPapers({ kind, text: (words as string[]).join(' ') }))
    if (found.length === 0) note(nothingFound((words as string[]).join(' '), kind))
    print(json ? JSON.stringify(found.map((one) => paperJson(one))) : listPapers(found))
  },
})
