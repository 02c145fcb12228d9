/** The generated sections of docs/benchmarks.md, one a model. */
import { readFile, writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { isBusy, PEERS_HEADING, type Report } from '../report.ts'
import { isMet, type Row, type Skipped } from '../row.ts'
import type { Compared } from './compared.ts'
import type { Results } from './job.ts'
import { compared } from './shapes.ts'
import { ratios, tables } from './tables.ts'

/** When, where and how a model was timed. */
export type Run = Omit<Report, 'rows'> & { readonly minutes: number }

function heading({ date, machine, load, repeat, minutes }: Run): string {
  const busy = isBusy({ load }) ? ` The machine was busy (load ${load.toFixed(1)}): take these figures again.` : ''
  const how = `medians of up to ${repeat} rounds, random weights at true shapes, ${minutes.toFixed(0)} minutes`
  return `${date}, ${machine}; ${how}.${busy}`
}

function verdict(row: Row | Skipped): string {
  if ('skipped' in row) return `- ${row.name}: not measured, ${row.skipped}`
  const met = isMet(row)
  const target = row.target && 'atLeast' in row.target ? `, target ${row.target.atLeast}` : ''
  const judged = met === undefined ? '' : met ? ': met' : ': **missed**'
  return `- ${row.name}: ${row.value.toFixed(2)} x (${row.note})${target}${judged}`
}

/** A model: how it was timed, its question, its tables, what the project aims at. */
export function modelSection({ title, image }: Compared, run: Run, results: Results): string {
  const asked = `The question is about one image of ${image.width} x ${image.height} pixels.`
  const verdicts = [...ratios(results), ...results.skipped].map(verdict)
  return [`### ${title}`, '', heading(run), asked, '', ...tables(results), ...verdicts].join('\n')
}

const notes = [
  '### How to read these tables',
  '',
  '- TTFT is the time from decoded pixels in memory and a question to the logits of the first token: cutting and',
  '  resizing, vision encoder, prefill. No image is asked about twice. Everything is compiled and warm.',
  '- `about`: no build of llama.cpp with its multimodal part that uses the vector instructions of this machine was at',
  '  hand (the published addon of @fugood/llama.node uses none), so its time is put together from what its own kernels',
  '  need: a text encoder with the layers of the vision encoder over as many positions as a view has patches, once per',
  '  view, and prefill of all tokens. Cutting the image, patch embedding and projector are left out, in its favour.',
  '  Vision weights are Q8_0 beside Q8_0, F16 beside the others. `FOVEA_LLAMA_ADDON` names a native build of that addon;',
  '  its whole question is then timed.',
  '- Peak memory is the most that the process held, files mapped into memory included.',
  '- A cold load finds nothing in the page cache and, at int8 and int4, quantizes; a warm one finds both.',
].join('\n')

const titleOf = (section: string): string => section.slice(0, section.indexOf('\n'))

/** The document with new sections of some models; what is above them, and those of other models, stay. */
export function withSections(document: string, sections: readonly string[]): string {
  const [before, written = ''] = document.split(PEERS_HEADING)
  const all = [...written.split(/^(?=### )/m), ...sections].map((section) => section.trim())
  const byTitle = new Map(all.map((section) => [titleOf(section), section]))
  const kept = compared.flatMap(({ title }) => byTitle.get(`### ${title}`) ?? [])
  return `${before.trimEnd()}\n${PEERS_HEADING}\n${[...kept, notes].join('\n\n')}\n`
}

export async function writeSections(sections: readonly string[]): Promise<void> {
  const path = fileURLToPath(new URL('../../docs/benchmarks.md', import.meta.url))
  await writeFile(path, withSections(await readFile(path, 'utf8'), sections))
}
