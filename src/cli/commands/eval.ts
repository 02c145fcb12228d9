import { dirname, join } from 'node:path'
import { writeFileAtomic } from '../../checkpoints/atomic.ts'
import { makeFolder } from '../../checkpoints/make-folder.ts'
import { countParameters } from '../../checkpoints/weight-table.ts'
import { FoveaError } from '../../errors.ts'
import { modelCard } from '../../evaluation/model-card.ts'
import { type Summary, summarise, type TaskSummary } from '../../evaluation/summary.ts'
import { evaluateWorld, type ImageSet, type ResultRow, tasksOf } from '../../evaluation/world.ts'
import { modelPath } from '../../hub/package-root.ts'
import { dense } from '../../pipeline/method/compose.ts'
import type { Method } from '../../pipeline/method/method.ts'
import type { Model } from '../../pipeline/model.ts'
import { precisionJson } from '../../pipeline/precision-report.ts'
import { SPLITS, type Split } from '../../world/index.ts'
import { command } from '../command.ts'
import {
  type ModelOptions,
  methodOf,
  modelFolder,
  openModel,
  withMethodOption,
  withModelOptions,
} from '../model-options.ts'
import { assertOutput, writeOutput } from '../output-file.ts'
import { integer } from '../parsers.ts'
import { progressView } from '../progress.ts'
import { note, print, table } from '../terminal.ts'

interface EvalFlags extends ModelOptions {
  method: string[]
  split: Split
  seed: number
  n: number
  task: string[]
  drawings?: boolean
  out?: string
  card?: boolean
}

const world = command<EvalFlags>({
  name: 'world',
  summary: 'Measure a model on Fovea World, beside blind, random and majority answers',
  examples: [
    'fovea eval world --model mini',
    'fovea eval world --task count --task box --n 500',
    'fovea eval world --method visionzip:keep=.25 --n 100 --out visionzip.jsonl',
    'fovea eval world --dtype int8 --n 100',
    'fovea eval world --drawings',
    'fovea eval world --card',
  ],
  configure: (program) =>
    withMethodOption(withModelOptions(program))
      .option('--split <split>', `one of ${SPLITS.join(', ')}`, 'test')
      .option('--seed <number>', 'other images', integer(), 1)
      .option('--n <count>', 'images per task', integer(1), 200)
      .option(
        '--task <task>',
        'only this task; may be given again',
        (id: string, before: string[]) => [...before, id],
        [],
      )
      .option('--drawings', 'shapes drawn by another renderer instead')
      .option('--out <file>', 'write every question with its answers as JSON lines')
      .option('--card', "measure both renderers and write the model folder's README.md")
      .option('--json', 'print one JSON object instead of a table'),
  run: async ({ options, signal }) => {
    if (options.card && (options.method.length || options.task.length || options.drawings))
      throw new FoveaError('options_conflict', 'usage', '--card measures all tasks of both renderers without a method')
    const method = (await methodOf(options.method)) ?? dense
    if (options.card) await modelFolder(options.model) // where it will be written
    if (options.out) await prepareOutput(options.out, options.model)
    const model = await openModel(options, signal)
    try {
      const sets: ImageSet[] = options.card ? ['world', 'drawings'] : [options.drawings ? 'drawings' : 'world']
      const rows: ResultRow[] = []
      for (const set of sets) rows.push(...(await measure(model, method, set, options, signal)))
      if (options.out) await writeRows(options.out, rows)
      if (options.json) print(JSON.stringify(toJson(options, model, method, sets, rows)))
      else for (const set of sets) print(describe(set, model, method, rowsOf(rows, set)))
      if (signal.aborted) note('stopped early; the figures are of what was asked until then')
      else if (options.card) await writeCard(model, options, rows)
    } finally {
      await model.dispose()
    }
  },
})

export const evalCommand = command({
  name: 'eval',
  summary: 'Measure how well a model answers',
  examples: ['fovea eval world --model mini', 'fovea eval world --help'],
  subcommands: [world as never],
})

async function prepareOutput(path: string, model: string): Promise<void> {
  await makeFolder(dirname(path))
  await assertOutput(path, [modelPath(model)])
}

const rowsOf = (rows: readonly ResultRow[], set: ImageSet): ResultRow[] => rows.filter((row) => row.set === set)

async function measure(
  model: Model,
  method: Method,
  set: ImageSet,
  { split, seed, n, task }: EvalFlags,
  signal: AbortSignal,
): Promise<ResultRow[]> {
  const tasks = task.length > 0 ? task : tasksOf(set)
  const view = progressView(set.padEnd(8), n)
  const asked: ResultRow[] = []
  const onRows = (rows: readonly ResultRow[], done: number, total: number) => {
    asked.push(...rows)
    const right = asked.filter((row) => row.correct).length / asked.length
    view.update(done, total, `${rows[0].task} · ${percent(right)} % right`)
  }
  try {
    return await evaluateWorld({ model, method, set, split, seed, n, tasks, signal, onRows })
  } finally {
    view.stop()
  }
}

const percent = (share: number): string => (100 * share).toFixed(1)

function taskCells({ task, count, accuracy, blind, chance, majority, meanIou }: TaskSummary): string[] {
  const range = `${percent(accuracy.low)}-${percent(accuracy.high)}`
  const shares = [accuracy.share, blind, chance, majority].map(percent)
  return [task, String(count), shares[0], range, ...shares.slice(1), meanIou?.toFixed(3) ?? '']
}

function describe(set: ImageSet, { parts }: Model, method: Method, rows: readonly ResultRow[]): string {
  const summary = summarise(rows)
  const header = ['task', '>questions', '>right %', '>95 % interval', '>blind', '>random', '>majority', '>mean IoU']
  const average = taskCells({ task: 'mean of tasks', ...summary.average })
  const cells = [...summary.tasks.map(taskCells), average]
  const { dtype } = parts.precision
  return `${set}, ${method.name}${dtype === 'fp32' ? '' : `, ${dtype}`}\n${table(header, cells)}\n${costs(summary)}\n`
}

function costs({ visualTokens, milliseconds, heldOut, seen }: Summary): string {
  const tokens = `${visualTokens.before.toFixed(0)} -> ${visualTokens.after.toFixed(0)} visual tokens`
  const shares = `held-out compositions ${percent(heldOut.share)} % of ${heldOut.count}, others ${percent(seen.share)} % of ${seen.count}`
  return `${tokens}, ${milliseconds.toFixed(1)} ms a question; ${shares}`
}

function toJson(
  { model, split, seed, n }: EvalFlags,
  { parts: { precision } }: Model,
  method: Method,
  sets: readonly ImageSet[],
  rows: readonly ResultRow[],
) {
  const results = Object.fromEntries(sets.map((set) => [set, summarise(rowsOf(rows, set))]))
  return {
    model,
    dtype: precision.dtype,
    precision: precisionJson(precision),
    method: method.name,
    split,
    seed,
    n,
    results,
  }
}

async function writeRows(path: string, rows: readonly ResultRow[]): Promise<void> {
  await writeOutput(path, new TextEncoder().encode(rows.map((row) => `${JSON.stringify(row)}\n`).join('')))
}

async function writeCard(
  model: Model,
  { model: name, split, seed, n }: EvalFlags,
  rows: readonly ResultRow[],
): Promise<void> {
  const path = join(await modelFolder(name), 'README.md')
  const [first] = rows
  const card = modelCard({
    parameters: countParameters(model.parts.weights),
    visualTokens: first.visualTokens.before,
    imageSize: model.parts.architecture.vision.viewSize,
    seed,
    split,
    world: summarise(rowsOf(rows, 'world')),
    drawings: summarise(rowsOf(rows, 'drawings')),
    command: `fovea eval world --model ${name} --split ${split} --seed ${seed} --n ${n} --card`,
  })
  await writeFileAtomic(path, new TextEncoder().encode(card))
  note(`wrote ${path}`)
}
