import { dirname } from 'node:path'
import { makeFolder } from '../../checkpoints/make-folder.ts'
import { findPaper } from '../../papers/registry.ts'
import { formatState } from '../../papers/reports/format.ts'
import { reportHtml } from '../../papers/reports/html.ts'
import { type Reproduction, reproduce } from '../../papers/reports/reproduce.ts'
import type { Part, Row } from '../../papers/reports/row.ts'
import { command } from '../command.ts'
import { assertOutput, writeOutput } from '../output-file.ts'
import { integer } from '../parsers.ts'
import { type ProgressView, progressView } from '../progress.ts'
import { rowLines } from '../row-lines.ts'
import { note, print } from '../terminal.ts'

interface ReproduceFlags {
  only: Part[]
  quick?: boolean
  seed: number
  n?: number
  model?: string
  llm?: string
  llmModel?: string
  threads?: number
  results?: string
  runs?: string
  out?: string
  json?: boolean
}

export const reproduceCommand = command<ReproduceFlags>({
  name: 'reproduce',
  summary: 'Measure what a paper claims, beside dense, random and resize; interrupted runs go on',
  examples: [
    'fovea reproduce fastv',
    'fovea reproduce visionzip --quick',
    'fovea reproduce fastv --only checks --only effect --n 100',
    'fovea reproduce fastv --json > rows.jsonl',
    'fovea reproduce visionzip --out report.html',
  ],
  configure: (program) =>
    program
      .argument('<id>', 'a paper, as fovea papers lists it')
      .option('--only <part>', 'checks, effect or headline; may be given again', append, [])
      .option('--quick', 'few questions, for a look; no results are written')
      .option('--seed <number>', 'other questions', integer(), 1)
      .option('--n <count>', 'images per task (40, or 4 with --quick)', integer(1))
      .option('--model <folder>', 'another model than fovea-mini; its results are written only with --results')
      .option(
        '--llm <url>',
        "another language model, where the paper calls one: chat completions as OpenAI's; its key in FOVEA_LLM_KEY",
      )
      .option('--llm-model <name>', 'what it is called there')
      .option('--threads <count>', 'of the engine; 1 is best beside other work (all cores, if not given)', integer(1))
      .option('--results <folder>', 'where results are written (results, if not given)')
      .option('--runs <folder>', 'where an unfinished run is kept (runs/reproduce, if not given)')
      .option('--out <file>', 'write a report as one HTML file, too')
      .option('--json', 'print each row as a JSON object on its line, then one with the state'),
  run: async ({ args: [id], options, signal }) => {
    if (options.out) {
      await makeFolder(dirname(options.out))
      await assertOutput(options.out, [])
    }
    const watch = watchParts()
    try {
      const only = options.only.length > 0 ? options.only : undefined
      const { llm: url, llmModel, out: _, json: __, ...rest } = options
      const llm = url === undefined ? undefined : { url, model: llmModel, key: process.env.FOVEA_LLM_KEY }
      const run = reproduce(id as string, { ...rest, llm, only, signal, onProgress: watch.onProgress })
      await finish(await printRows(run, options, watch), options)
    } finally {
      watch.stop()
    }
  },
})

/** Parts may be given one by one, or joined by commas. */
const append = (text: string, before: Part[]): Part[] => [...before, ...(text.split(',') as Part[])]

async function printRows(
  run: AsyncGenerator<Row, Reproduction>,
  { json }: ReproduceFlags,
  watch: ReturnType<typeof watchParts>,
): Promise<Reproduction> {
  let part: Part | undefined
  for (;;) {
    const { value, done } = await run.next()
    watch.stop()
    if (done) return value
    if (json) print(JSON.stringify(value))
    else print(rowLines(value, value.part !== part).join('\n'))
    part = value.part
  }
}

async function finish(ended: Reproduction, { json, out, quick }: ReproduceFlags): Promise<void> {
  const { id, standing, finished, path } = ended
  if (json) print(JSON.stringify({ id, finished, ...standing }))
  else print([`\n${id}: ${formatState(standing)}`, ...standing.reasons.map((reason) => `  ${reason}`)].join('\n'))
  if (out) {
    await writeOutput(out, new TextEncoder().encode(reportHtml(findPaper(id), ended.parts, standing)))
    note(`wrote ${out}`)
  }
  if (path) note(`wrote ${path}`)
  if (quick && finished) note('a quick look is not kept; without --quick the results are written')
  if (!finished) note(`stopped; the same command goes on from here: fovea ${process.argv.slice(2).join(' ')}`)
}

/** A bar for each part on standard error, which makes room where a row is printed. */
function watchParts() {
  const views = new Map<Part, ProgressView>()
  return {
    onProgress: (part: Part, done: number, total: number, status: string) => {
      const view = views.get(part) ?? progressView(part.padEnd(8), Math.max(1, Math.ceil(total / 20)))
      views.set(part, view)
      view.update(done, total, status)
    },
    stop: () => {
      for (const view of views.values()) view.stop()
    },
  }
}
