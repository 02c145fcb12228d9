/**
 * Fovea beside llama.cpp and PyTorch on models of true shapes with random weights, all in one run; `--help` lists what
 * it takes. llama.cpp comes from `npm install` in bench/peers; PyTorch from FOVEA_PYTHON.
 */
import { mkdir } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { plainTable, startReport } from '../report.ts'
import type { Compared } from './compared.ts'
import { foveaJobs } from './fovea/engine.ts'
import { type Job, runJobs, type Setting } from './job.ts'
import { llamaCppJobs } from './llama-cpp/engine.ts'
import { pytorchJobs } from './pytorch/engine.ts'
import { modelSection, writeSections } from './section.ts'
import { compared } from './shapes.ts'
import { ratios, tables } from './tables.ts'
import { SECONDS_PER_ROW } from './timing.ts'

const HELP = `npm run bench:peers -- [options]

  --model NAME    ${compared.map(({ name, onlyWhenAsked }) => (onlyWhenAsked ? `${name} (only when named)` : name)).join(', ')}; may be repeated
  --only TEXT     jobs whose name has this text, such as "question", "Fovea int8", "llama.cpp Q4_0, text"; may be repeated
  --repeat N      rounds per row, of which the median counts (5); rows of long rounds stop after ${SECONDS_PER_ROW} s
  --fresh         quantizes anew, so that the cold load is timed although quantized weights are there
  --write         puts the tables into docs/benchmarks.md, model by model as they end
  --list          names the jobs and runs none

FOVEA_PYTHON names a Python with torch and transformers, FOVEA_LLAMA_ADDON a native build of @fugood/llama.node.
`

function jobsOf(model: Compared, setting: Setting): Job[] {
  const { dtypes, peerTypes = ['Q4_0', 'Q8_0', 'F16'] } = model
  return [
    ...dtypes.flatMap((dtype) => foveaJobs(model, dtype, setting)),
    ...peerTypes.flatMap((type) => llamaCppJobs(model, type, setting)),
    ...(model.withPyTorch === false ? [] : pytorchJobs(model, setting)),
  ]
}

const { values } = parseArgs({
  options: {
    model: { type: 'string', multiple: true },
    only: { type: 'string', multiple: true },
    repeat: { type: 'string', default: '5' },
    fresh: { type: 'boolean', default: false },
    write: { type: 'boolean', default: false },
    list: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
})

async function main(): Promise<void> {
  const unknown = values.model?.find((name) => !compared.some((model) => model.name === name))
  if (unknown) throw new Error(`no model named "${unknown}"; there are ${compared.map(({ name }) => name).join(', ')}`)
  const chosen = compared.filter(({ name, onlyWhenAsked }) => values.model?.includes(name) ?? !onlyWhenAsked)
  const folder = fileURLToPath(new URL('../results/peers', import.meta.url))
  await mkdir(folder, { recursive: true })
  const start = startReport(Number(values.repeat))
  for (const model of chosen) {
    const all = jobsOf(model, { repeat: start.repeat, folder, fresh: values.fresh })
    const jobs = all.filter(({ name }) => values.only?.some((text) => name.includes(text)) ?? true)
    if (jobs.length === 0)
      throw new Error(`no job of ${model.name} has ${values.only?.join(' or ')} in its name; see --list`)
    if (values.list) {
      console.log(jobs.map(({ name }) => `${model.name}: ${name}`).join('\n'))
      continue
    }
    const began = performance.now()
    const results = await runJobs(jobs, (line) => console.error(`${model.name}: ${line}`))
    console.log(
      ['', model.title, '', ...tables(results), plainTable([...ratios(results), ...results.skipped])].join('\n'),
    )
    const minutes = (performance.now() - began) / 60_000
    console.error(`${model.name}: ${minutes.toFixed(1)} minutes in all`)
    if (values.write) await writeSections([modelSection(model, { ...start, minutes }, results)])
  }
}

if (values.help) console.log(HELP)
else
  await main().catch((error: Error) => {
    console.error(error.message)
    process.exitCode = 2
  })
