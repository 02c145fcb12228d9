/**
 * Writes docs/papers/ from the catalogue, the results of papers and the benchmark of reducers: `npx tsx tools/paper-pages.ts
 * [--check]`. A page for each paper that can be run or measured, and an index. With `--check` nothing is written; the exit
 * code is 1 when a page is out of date, or when a picture is missing or of no page (`tools/paper-pictures.ts` draws them).
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { papers } from '../src/papers/registry.ts'
import { type Measured, measuredPapers } from '../src/papers/reports/catalogue.ts'
import { formatState } from '../src/papers/reports/format.ts'
import { isEntry } from './entry.ts'
import { table } from './pages/markdown.ts'
import { hasPage, NOTICE, paperPage } from './pages/page.ts'
import { PICTURES, strayPictures } from './pages/pictures.ts'

const FOLDER = 'docs/papers'

const explanation = `Every method and paper that can be run, and what was measured of it by \`fovea reproduce\`. A state is computed:
\`runnable\`, nothing measured holds yet; \`checks\`, its exact invariants hold; \`effect\`, what it claims holds on the embedded
model, in an interval that excludes zero; \`headline\`, what it saves holds at the paper's own shapes; \`green\`, all that it
owes; \`refuted\`, a claim does not hold here. A stale result was measured with other code of the paper or other weights.`

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
  const shown = measured.filter(hasPage)
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
  const stray = strayPictures(papers)
  for (const name of stray) console.log(`${PICTURES}/${name} is missing or of no page; run npm run docs:pictures`)
  if (values.check && stale.length + stray.length > 0) process.exitCode = 1
  else if (values.check) console.log('pages of papers: up to date')
}
