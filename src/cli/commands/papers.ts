import { z } from 'zod'
import { type Paper, state } from '../../papers/paper.ts'
import { filterPapers, findPaper, papers } from '../../papers/registry.ts'
import { command } from '../command.ts'
import { print, table, terminalWidth, wrap } from '../terminal.ts'

/** An entry as data: the state beside the fields, options as JSON schema. */
function toJson(entry: Paper): object {
  const { method: _, options, ...fields } = entry
  return { ...fields, state: state(entry), ...(options && { options: z.toJSONSchema(options, { io: 'input' }) }) }
}

function listPapers(found: readonly Paper[]): string {
  const rows = found.map((entry) => [entry.id, entry.name, entry.date, entry.kind.join(', '), state(entry)])
  const listed = found.length > 0 ? `${table(['id', 'name', 'date', 'kind', 'state'], rows)}\n\n` : ''
  return listed + roles.map(({ role, plural }) => countStates(found, role, plural)).join('\n')
}

const roles = [
  { role: 'catalogue', plural: 'papers' },
  { role: 'algorithm', plural: 'further algorithms' },
  { role: 'baseline', plural: 'baselines' },
] as const

/** `63 papers: 60 described, 3 runnable`, or `2 of 63 papers: ...` for a part of them. */
function countStates(found: readonly Paper[], role: NonNullable<Paper['role']>, plural: string): string {
  const hasRole = (entry: Paper) => (entry.role ?? 'catalogue') === role
  const shown = found.filter(hasRole)
  const total = papers.filter(hasRole).length
  const states = [...new Set(shown.map(state))]
  const counts = states.map((name) => `${shown.filter((entry) => state(entry) === name).length} ${name}`)
  return [`${shown.length === total ? '' : `${shown.length} of `}${total} ${plural}`, counts.join(', ')]
    .filter(Boolean)
    .join(': ')
}

/** Every field on its own line, wrapped beside its name. */
function describePaper(entry: Paper): string {
  const fields: Record<string, string | undefined> = {
    id: entry.id,
    role: entry.role,
    name: entry.name,
    title: entry.title,
    date: entry.date,
    venue: entry.venue,
    kind: entry.kind.join(', '),
    places: entry.places.join(', '),
    state: state(entry),
    link: entry.url,
    arxiv: entry.arxiv,
    code: entry.code,
    options: entry.options && describeOptions(entry),
    summary: entry.summary,
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

/** `layer=2, keep=0.5`: names and defaults. */
function describeOptions({ options }: Paper): string {
  const { properties = {} } = z.toJSONSchema(options!, { io: 'input' })
  return Object.entries(properties)
    .map(([name, schema]) => (typeof schema === 'object' && 'default' in schema ? `${name}=${schema.default}` : name))
    .join(', ')
}

const show = command<{ json?: boolean }>({
  name: 'show',
  summary: 'Show all that the catalogue says about one paper',
  examples: ['fovea papers show fastvlm'],
  configure: (program) =>
    program.argument('<id>', 'as fovea papers lists it').option('--json', 'print one JSON object'),
  run: ({ args: [id], options }) => {
    const entry = findPaper(id as string)
    print(options.json ? JSON.stringify(toJson(entry)) : describePaper(entry))
  },
})

export const papersCommand = command<{ kind?: string; json?: boolean }>({
  name: 'papers',
  summary: 'List the papers behind the methods',
  examples: [
    'fovea papers',
    'fovea papers video token --kind reducer',
    'fovea papers --json',
    'fovea papers show fastvlm',
  ],
  configure: (program) =>
    program
      .argument('[text...]', 'words that the entry must contain')
      .option('--kind <kind>', 'only papers of this kind')
      .option('--json', 'print a JSON array'),
  subcommands: [show as never],
  run: ({ args: [words], options: { kind, json } }) => {
    const found = filterPapers({ kind, text: (words as string[]).join(' ') })
    print(json ? JSON.stringify(found.map(toJson)) : listPapers(found))
  },
})
