import { dirname } from 'node:path'
import { Option } from 'commander'
import { makeFolder } from '../../checkpoints/make-folder.ts'
import { FoveaError } from '../../errors.ts'
import { sectionsOf } from '../../evaluation/groups/evaluate.ts'
import { GROUPS } from '../../evaluation/groups/index.ts'
import type { Group } from '../../evaluation/groups/section.ts'
import { openQuestions } from '../../evaluation/own/open-questions.ts'
import { ANSWER_FORMS } from '../../evaluation/own/write-answers.ts'
import { type Summary, summarise, type TaskSummary } from '../../evaluation/summary.ts'
import { evaluateWorld, type ImageSet, type ResultRow, tasksOf } from '../../evaluation/world.ts'
import { modelPath } from '../../hub/package-root.ts'
import { dense } from '../../pipeline/method/compose.ts'
import type { Method } from '../../pipeline/method/method.ts'
import type { Model } from '../../pipeline/model.ts'
import { precisionJson } from '../../pipeline/precision-report.ts'
import { FILM_TASK_IDS, SPLITS, VENDORS } from '../../world/index.ts'
import { SOUNDING_TASK_IDS } from '../../world/sound/sounding-film.ts'
import { command } from '../command.ts'
import { assertGroups, evalGroups, type GroupFlags, groupsOf, optionsOf } from '../eval-groups.ts'
import { evalOwn, type OwnFlags } from '../eval-own.ts'
import { methodOf, modelFolder, openModel, withMethodOption, withModelOptions } from '../model-options.ts'
import { assertOutput, writeOutput } from '../output-file.ts'
import { integer, number } from '../parsers.ts'
import { progressView } from '../progress.ts'
import { note, print, table } from '../terminal.ts'

interface EvalFlags extends GroupFlags {
  method: string[]
  drawings?: boolean
}

const collect = (value: string, before: string[]) => [...before, value]

/** Length of films, and their frames in a second. */
const FILMS = { frames: 8, rate: 1 }

const FILM_TASKS: ReadonlySet<string> = new Set([...FILM_TASK_IDS, ...SOUNDING_TASK_IDS])

const GROUP_LINES = GROUPS.map(({ id, about }) => `  ${id.padEnd(9)} ${about}`).join('\n')

const world = command<EvalFlags>({
  name: 'world',
  summary: 'Measure a model on Fovea World, beside blind, random and majority answers',
  examples: [
    'fovea eval world --model mini',
    'fovea eval world --task count --task box --n 500',
    'fovea eval world --group things --vendor noto --vendor fxemoji --n 100',
    'fovea eval world --group video --frames 8 --n 50 --json',
    'fovea eval world --group things --sheet answers.png',
    'fovea eval world --method visionzip:keep=.25 --n 100 --out visionzip.jsonl',
    'fovea eval world --dtype int8 --n 100',
    'fovea eval world --drawings',
    'fovea eval world --card',
  ],
  configure: (program) =>
    withMethodOption(withModelOptions(program))
      .option('--group <group>', 'all, or a group of questions as listed below; may be given again', collect, [])
      .option('--split <split>', `one of ${SPLITS.join(', ')}`, 'test')
      .option('--seed <number>', 'other images', integer(), 1)
      .option('--n <count>', 'images per task', integer(1), 200)
      .option('--task <task>', 'only this task; may be given again', collect, [])
      .option(
        '--vendor <vendor>',
        `whose drawings of things, each by itself: some of ${VENDORS.join(', ')} (if not given: the trained ones together, and the one never seen)`,
        collect,
        [],
      )
      .option('--frames <count>', 'frames of films', integer(1), FILMS.frames)
      .option('--rate <number>', 'frames of a second of film', number(), FILMS.rate)
      .option('--drawings', 'shapes drawn by another renderer instead')
      .option('--out <file>', 'write every question with its answers as JSON lines')
      .option('--sheet <file>', 'write ten right and ten wrong answers about things of the vendor never seen as a PNG')
      .option('--card', "measure all groups that fovea-mini was trained for and write the model folder's README.md")
      .option('--json', 'print one JSON object instead of a table')
      .addHelpText('after', `\nGroups (without any: shapes, with the cost of each question):\n${GROUP_LINES}`),
  run: async ({ options, signal }) => {
    const isWhole = !options.method.length && !options.task.length && !options.drawings && !options.vendor.length
    if (options.card && !isWhole)
      throw new FoveaError('options_conflict', 'usage', '--card measures all tasks and vendors without a method')
    if (options.drawings && (options.group.length > 0 || options.sheet))
      throw new FoveaError('options_conflict', 'usage', '--drawings is a set of its own: leave --group and --sheet out')
    const method = (await methodOf(options.method)) ?? dense
    const groups = asksGroups(options) ? chosen(options) : undefined
    assertFilms(options, groups)
    if (options.card) await modelFolder(options.model) // where it will be written
    for (const path of [options.out, options.sheet]) if (path) await prepareOutput(path, options.model)
    const model = await openModel(options, signal)
    try {
      if (groups) await evalGroups(model, method, groups, options, signal)
      else await evalShapes(model, method, options, signal)
    } finally {
      await model.dispose()
    }
  },
})

/** Throws FoveaError `options_conflict` for the length of films where no film is shown. */
function assertFilms(options: EvalFlags, groups: readonly Group[] = []): void {
  const flag = (['frames', 'rate'] as const).find((name) => options[name] !== FILMS[name])
  const tasks = groups.flatMap((group) =>
    sectionsOf(group, optionsOf(options), options.task).flatMap((each) => each.tasks),
  )
  if (flag === undefined || tasks.some((task) => FILM_TASKS.has(task))) return
  const message = `--${flag} is about films, and none is asked about; leave it out, or ask about films (--group video)`
  throw new FoveaError('options_conflict', 'usage', message)
}

/** Groups are meant where one is named, or a task that is about more than shapes. */
const asksGroups = ({ group, task, card, sheet, vendor }: EvalFlags): boolean =>
  group.length > 0 ||
  card === true ||
  sheet !== undefined ||
  vendor.length > 0 ||
  task.some((id) => !tasksOf('world').includes(id))

function chosen(options: EvalFlags): readonly Group[] {
  const asked = optionsOf(options)
  const group = options.group.length === 0 && options.task.length === 0 && !options.card ? ['things'] : options.group
  const groups = groupsOf({ ...options, group }, asked)
  assertGroups(groups.length > 0 ? groups : GROUPS, asked, options.task)
  return groups
}

async function evalShapes(model: Model, method: Method, options: EvalFlags, signal: AbortSignal): Promise<void> {
  const set: ImageSet = options.drawings ? 'drawings' : 'world'
  const rows = await measure(model, method, set, options, signal)
  if (options.out) await writeRows(options.out, rows)
  if (options.json) print(JSON.stringify(toJson(options, model, method, set, rows)))
  else print(describe(set, model, method, rows))
  if (signal.aborted) note('stopped early; the figures are of what was asked until then')
}

interface OwnEvalFlags extends OwnFlags {
  method: string[]
}

export const evalCommand = command<OwnEvalFlags>({
  name: 'eval',
  summary: 'Measure how well a model answers: questions of your own, or of Fovea World',
  examples: [
    'fovea eval my-questions --model mini',
    'fovea eval MMBench_DEV_EN.tsv --model HuggingFaceTB/SmolVLM-256M-Instruct --n 200 --out answers.jsonl',
    'fovea eval MMBench_DEV_EN.tsv --model mini --out fovea-mini_MMBench_DEV_EN.tsv',
    'fovea eval my-questions --model mini --out samples.jsonl --form lmms-eval',
    'fovea eval world --model mini',
    'fovea eval world --help',
  ],
  configure: (program) =>
    withMethodOption(withModelOptions(program))
      .argument('[questions]', 'a folder with pictures and a .jsonl or .tsv file of questions, or such a file')
      .option('--n <count>', 'only the first so many questions', integer(1))
      .option('--out <file>', 'write every question with its answers')
      .addOption(
        new Option(
          '--form <form>',
          'of that file: JSON lines, the table of results of VLMEvalKit, or the samples of lmms-eval; if not given, the table for a .tsv and JSON lines for others',
        ).choices(['fovea', ...ANSWER_FORMS]),
      )
      .option('--json', 'print one JSON object instead of a table'),
  subcommands: [world as never],
  run: async ({ args: [path], options, signal }) => {
    if (path === undefined)
      throw new FoveaError('eval_folder', 'usage', 'name a folder of questions, or say world; see fovea eval --help')
    if (options.form && !options.out)
      throw new FoveaError('options_conflict', 'usage', '--form is the form of the file of answers: add --out <file>')
    const method = (await methodOf(options.method)) ?? dense
    const data = await openQuestions(path as string)
    const asked = { ...data, questions: data.questions.slice(0, options.n) }
    if (options.out) await prepareOutput(options.out, options.model)
    const model = await openModel(options, signal)
    try {
      await evalOwn(model, method, asked, options, signal)
    } finally {
      await model.dispose()
    }
  },
})

async function prepareOutput(path: string, model: string): Promise<void> {
  await makeFolder(dirname(path))
  await assertOutput(path, [modelPath(model)])
}

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
  set: ImageSet,
  rows: readonly ResultRow[],
) {
  return {
    model,
    dtype: precision.dtype,
    precision: precisionJson(precision),
    method: method.name,
    split,
    seed,
    n,
    results: { [set]: summarise(rows) },
  }
}

async function writeRows(path: string, rows: readonly ResultRow[]): Promise<void> {
  await writeOutput(path, new TextEncoder().encode(rows.map((row) => `${JSON.stringify(row)}\n`).join('')))
}
