/**
 * Fovea beside llama.cpp and PyTorch on models of true shapes with random weights, all in one run:
 * `npm run bench:peers -- [--model NAME] [--repeat N] [--write]`. llama.cpp comes from `npm install` in bench/peers;
 * PyTorch from FOVEA_PYTHON. `--write` puts the table into docs/benchmarks.md.
 */
import { mkdir, readFile, stat, writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { PEERS_HEADING, plainTable, startReport } from '../report.ts'
import { isMet, median, type Row, type Skipped } from '../row.ts'
import { measureFovea } from './fovea.ts'
import { measureLlamaCpp } from './llama-cpp.ts'
import { measurePyTorch } from './pytorch.ts'
import { type Compared, compared } from './shapes.ts'
import { DEPTHS, PROMPTS, type Timing } from './timing.ts'

const pathOf = (path: string): string => fileURLToPath(new URL(`../../${path}`, import.meta.url))
const folder = pathOf('bench/results/peers')

async function measure(model: Compared, repeat: number): Promise<{ timings: Timing[]; skipped: Skipped[] }> {
  const timings: Timing[] = []
  const skipped: Skipped[] = []
  const engines = [
    ...(['fp32', 'int8', 'int4'] as const).map((dtype) => () => measureFovea(model, { dtype, repeat, folder })),
    ...(['Q4_0', 'Q8_0', 'F16'] as const).map((type) => () => measureLlamaCpp(model, { type, repeat, folder })),
    () => measurePyTorch(model, { repeat, folder }),
  ]
  for (const engine of engines) {
    const found = await engine()
    if ('skipped' in found) skipped.push(found)
    else {
      console.error(`${model.name}: ${found.engine} done`)
      timings.push(found)
    }
  }
  return { timings, skipped }
}

const perSecond = (tokens: number, times: readonly number[] = []): number => (1000 * tokens) / median(times)

function table(timings: readonly Timing[]): string[] {
  const head = [
    'engine',
    ...PROMPTS.map((n) => `prefill ${n}`),
    ...DEPTHS.map((n) => `decode at ${n}`),
    'image',
    'load',
    'memory',
  ]
  const lines = timings.map(({ engine, prefill, decode, vision, load, memory }) => [
    engine,
    ...PROMPTS.map((n) => `${perSecond(n, prefill[n]).toFixed(0)} tokens/s`),
    ...DEPTHS.map((n) => `${perSecond(1, decode[n]).toFixed(1)} tokens/s`),
    vision ? `${median(vision).toFixed(0)} ms` : '',
    `${(load / 1000).toFixed(1)} s`,
    `${(memory / 2 ** 20).toFixed(0)} MiB`,
  ])
  return [head, head.map(() => '---'), ...lines].map((line) => `| ${line.join(' | ')} |`)
}

/** Ratios that the project aims at: its fastest setting over each peer. */
function ratios(model: string, timings: readonly Timing[]): Row[] {
  const own = timings.filter(({ engine }) => engine.startsWith('Fovea'))
  const peer = (name: string) => timings.find(({ engine }) => engine === name)
  const best = (time: (timing: Timing) => readonly number[] | undefined) =>
    own
      .map((timing) => ({ engine: timing.engine, ms: median(time(timing) ?? [Number.POSITIVE_INFINITY]) }))
      .reduce((a, b) => (b.ms < a.ms ? b : a))
  const row = (
    what: string,
    name: string,
    atLeast: number,
    time: (timing: Timing) => readonly number[] | undefined,
  ) => {
    const times = peer(name) && time(peer(name)!)
    if (!times) return []
    const { engine, ms } = best(time)
    return [
      {
        name: `${model}, ${what} over ${name}`,
        value: median(times) / ms,
        unit: 'x',
        target: { atLeast },
        note: engine,
      } as Row,
    ]
  }
  return [
    ...row('prefill at 800', 'llama.cpp Q4_0', 1.8, ({ prefill }) => prefill[800]),
    ...row('prefill at 800', 'llama.cpp Q8_0', 3, ({ prefill }) => prefill[800]),
    ...row('decode at depth 800', 'llama.cpp Q4_0', 2, ({ decode }) => decode[800]),
    ...row('decode at depth 0', 'llama.cpp Q4_0', 0.9, ({ decode }) => decode[0]),
    ...row('image encode', 'PyTorch fp32', 2, ({ vision }) => vision),
  ]
}

async function writeSection(lines: readonly string[]): Promise<void> {
  const path = pathOf('docs/benchmarks.md')
  const [before] = (await readFile(path, 'utf8')).split(PEERS_HEADING)
  await writeFile(path, `${before.trimEnd()}\n${PEERS_HEADING}\n${lines.join('\n').trimEnd()}\n`)
}

const { values } = parseArgs({
  options: {
    model: { type: 'string', multiple: true },
    repeat: { type: 'string', default: '5' },
    write: { type: 'boolean', default: false },
  },
})
await mkdir(folder, { recursive: true })
const start = startReport(Number(values.repeat))
const chosen = compared.filter(({ name }) => values.model?.includes(name) ?? true)
const lines = [`${start.date}, ${start.machine}; medians of ${start.repeat}, random weights at true shapes.`, '']
for (const model of chosen) {
  const { timings, skipped } = await measure(model, start.repeat)
  const rows = [...ratios(model.name, timings), ...skipped]
  console.log([model.name, ...table(timings), plainTable(rows)].join('\n'))
  lines.push(`### ${model.title}`, '', ...table(timings), '')
  for (const row of rows)
    lines.push(
      'skipped' in row
        ? `- ${row.name}: not measured, ${row.skipped}`
        : `- ${row.name}: ${row.value.toFixed(2)} x (${row.note}), target ${(row.target as { atLeast: number }).atLeast}: ${isMet(row) ? 'met' : '**missed**'}`,
    )
  lines.push('')
}
if (values.write && (await stat(pathOf('docs/benchmarks.md')))) await writeSection(lines)
