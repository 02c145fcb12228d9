/**
 * Measures what the project promises about speed, as ratios taken in one run: `npm run bench -- [NAME ...]
 * [--repeat N] [--json] [--write]`. Every run writes bench/results/latest.json, `--write` also docs/benchmarks.md.
 */
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { FoveaError } from '../src/errors.ts'
import { NodeBackend } from '../src/runtime/node/backend.ts'
import { coldStart } from './cold-start.ts'
import { gemm, gemmPeak } from './gemm.ts'
import { memory } from './memory.ts'
import { methods, prefill } from './mini.ts'
import { isBusy, markdown, PEERS_HEADING, plainTable, type Report, startReport } from './report.ts'
import type { Benchmark, Context, Row, Skipped } from './row.ts'
import { speculation } from './speculation.ts'
import { training } from './training.ts'
import { worker } from './worker.ts'

const benchmarks: readonly Benchmark[] = [gemm, training, prefill, methods, speculation, coldStart, worker, memory]
const REPEAT = 7

const pathOf = (path: string): string => fileURLToPath(new URL(`../${path}`, import.meta.url))

function readOptions() {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      only: { type: 'string', multiple: true },
      repeat: { type: 'string', default: String(REPEAT) },
      json: { type: 'boolean', default: false },
      write: { type: 'boolean', default: false },
    },
  })
  const names = benchmarks.map(({ name }) => name)
  const wanted = [...positionals, ...(values.only ?? [])]
  for (const name of wanted)
    if (!names.includes(name))
      throw new FoveaError('unknown_benchmark', 'usage', `no benchmark named "${name}"; there are ${names.join(', ')}`)
  const repeat = Number(values.repeat)
  if (!Number.isInteger(repeat) || repeat < 1)
    throw new FoveaError('repeat_invalid', 'usage', `--repeat must be a whole number from 1, got ${values.repeat}`)
  return { ...values, repeat, chosen: benchmarks.filter(({ name }) => wanted.length === 0 || wanted.includes(name)) }
}

async function measureAll(chosen: readonly Benchmark[], repeat: number): Promise<(Row | Skipped)[]> {
  const backend = new NodeBackend()
  let peak: Promise<number> | undefined
  const context: Context = { backend, repeat, peak: () => (peak ??= gemmPeak({ backend, repeat })) }
  const rows: (Row | Skipped)[] = []
  try {
    for (const benchmark of chosen) {
      console.error(`measuring ${benchmark.name}`)
      rows.push(...(await benchmark.measure(context)))
    }
  } finally {
    await backend.dispose()
  }
  return rows
}

/** The other part of the page is `npm run bench:peers`'s. */
async function writeOwnPart(text: string): Promise<void> {
  const path = pathOf('docs/benchmarks.md')
  const page = await readFile(path, 'utf8')
  const peers = page.indexOf(PEERS_HEADING)
  await writeFile(path, peers < 0 ? text : text + page.slice(peers))
}

async function main(): Promise<void> {
  const { chosen, repeat, json, write } = readOptions()
  const start = startReport(repeat)
  if (isBusy(start)) console.error(`the machine is busy (load ${start.load.toFixed(1)}); real figures need an idle one`)
  const report: Report = { ...start, rows: await measureAll(chosen, repeat) }
  console.log(json ? JSON.stringify(report, null, 2) : plainTable(report.rows))
  await mkdir(pathOf('bench/results'), { recursive: true })
  await writeFile(pathOf('bench/results/latest.json'), `${JSON.stringify(report, null, 2)}\n`)
  if (write) await writeOwnPart(markdown(report))
}

try {
  await main()
} catch (error) {
  if (!(error instanceof FoveaError) && (error as NodeJS.ErrnoException).code !== 'ERR_PARSE_ARGS_UNKNOWN_OPTION')
    throw error
  console.error((error as Error).message)
  process.exitCode = 2
}
