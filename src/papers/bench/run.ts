/** A benchmark: its folder, what it depends on, and the points that it comes to. */
import { readFile } from 'node:fs/promises'
import { cpus } from 'node:os'
import { join } from 'node:path'
import { z } from 'zod'
import { writeFileAtomic } from '../../checkpoints/atomic.ts'
import { assertOptions, FoveaError, type OptionForm } from '../../errors.ts'
import { loadModel } from '../../evaluation/load-model.ts'
import { tasksOf } from '../../evaluation/world.ts'
import { version } from '../../hub/package-root.ts'
import type { Ids } from '../../pipeline/method/ids.ts'
import type { Model } from '../../pipeline/model.ts'
import { openAsker } from '../reports/asker.ts'
import { EMBEDDED, hashCode, hashModel, measuredFolder } from '../reports/depends.ts'
import { SPLIT } from '../reports/lab.ts'
import { type Notebook, openNotebook } from '../reports/notebook.ts'
import { armName, type Grid, type GridArm, gridOf, type OwnReducer } from './arms.ts'
import { type BenchFacts, differences } from './facts.ts'
import { type Shown, shown } from './gallery.ts'
import { type OwnTasks, ownTasks } from './own-tasks.ts'
import { type Answers, type Beside, type Point, pointOf } from './points.ts'
import { timed } from './timing.ts'

export interface BenchOptions {
  /** In the text form of `--method`; `random` and `resize` stand beside them anyway. */
  readonly methods: readonly string[]
  /** Reducers of one's own beside them, each at every share. */
  readonly reducers?: readonly OwnReducer[]
  /** Shares of the visual tokens. */
  readonly keeps: readonly number[]
  /** Positions of tokens that stay, for all methods that leave the choice; as each has it by default when absent. */
  readonly ids?: Ids
  /** All tasks of Fovea World when absent. */
  readonly tasks?: readonly string[]
  /** Images per task, or questions of each category of one's own. */
  readonly n: number
  /** A folder or a file of one's own questions, in the place of those about Fovea World; categories are its tasks. */
  readonly data?: string
  /** Of the questions. */
  readonly seed?: number
  /** Rounds in which times are taken, each beside the dense model; 0: none. */
  readonly rounds?: number
  /** A model folder, or a name of the hub; fovea-mini by default. */
  readonly model?: string
  readonly threads?: number
  /** What is known so far and the result: a benchmark begun there goes on. */
  readonly out: string
  /** Ends it; what is known is kept. */
  readonly signal?: AbortSignal
  readonly onProgress?: (done: number, total: number, status: string) => void
}

export interface BenchRun {
  readonly date: string
  readonly facts: BenchFacts
  readonly points: readonly Point[]
  /** What methods keep of a few pictures, at the share nearest to a quarter. */
  readonly gallery: readonly { readonly name: string; readonly shown: readonly Shown[] }[]
}

const FILE = 'bench.json'

const FORMS: Readonly<Record<keyof BenchOptions, OptionForm>> = {
  methods: 'texts',
  reducers: 'any',
  keeps: 'any',
  ids: 'string',
  tasks: 'texts',
  n: 'number',
  data: 'string',
  seed: 'number',
  rounds: 'number',
  model: 'string',
  threads: 'number',
  out: 'string',
  signal: 'signal',
  onProgress: 'function',
}

/**
 * Asks every arm of the grid the same questions and yields a point for each as it is known; `out` then holds `bench.json` and
 * every answer (`notebook.jsonl`). Returns undefined where the signal ended it: the same call goes on from there.
 * @throws FoveaError kind `usage`: what `gridOf` refuses, `bench_settings` for a folder of another benchmark; kind `resource`
 *   while another process works there
 */
export async function* benchReduce(options: BenchOptions): AsyncGenerator<Point, BenchRun | undefined> {
  assertOptions('benchReduce', options, FORMS)
  if (!Array.isArray(options.methods) || !Array.isArray(options.keeps) || !Number.isInteger(options.n))
    throw new FoveaError('bench_options', 'usage', 'benchReduce: give methods and keeps as lists, n as a whole number')
  if (typeof options.out !== 'string')
    throw new FoveaError('bench_options', 'usage', 'benchReduce: give a folder as out')
  const grid = gridOf(options.methods, options.keeps, options.ids, options.reducers)
  const source = options.data === undefined ? undefined : await ownTasks(options.data, options.n)
  const facts = await factsOf(options, source)
  const notebook = await openNotebook(options.out)
  let model: Promise<Model> | undefined
  const load = () =>
    (model ??= loadModel(measuredFolder(options.model), { signal: options.signal, threads: options.threads }))
  try {
    await keepFacts(notebook, facts, options.out)
    const points: Point[] = []
    for await (const point of pointsOf(grid, facts, notebook, load, options, source)) {
      points.push(point)
      yield point
    }
    const gallery = await galleryOf(grid, facts, options.keeps, load)
    const run: BenchRun = { date: new Date().toISOString(), facts, points, gallery }
    await writeFileAtomic(join(options.out, FILE), new TextEncoder().encode(`${JSON.stringify(run, null, 1)}\n`))
    return run
  } catch (error) {
    if (options.signal?.aborted) return undefined
    throw error
  } finally {
    await notebook.close()
    await model?.then((opened) => opened.dispose()).catch(() => {}) // what failed to load was told
  }
}

async function* pointsOf(
  { dense, baselines, own }: Grid,
  { seed, n, tasks }: BenchFacts,
  notebook: Notebook,
  load: () => Promise<Model>,
  { signal = new AbortController().signal, rounds = 12, onProgress = () => {} }: BenchOptions,
  source?: OwnTasks,
): AsyncGenerator<Point> {
  const asker = openAsker({ id: 'bench', notebook, seed, n, signal, source, model: load, progress: onProgress })
  asker.expect(
    [dense, ...baselines, ...own].reduce((sum, { methods }) => sum + methods.length, 0),
    tasks,
  )
  const answersOf = ({ methods }: GridArm): Promise<Answers> => asker.evaluate(methods.map((method) => ({ method })), tasks) // biome-ignore format: one step
  const whole = await answersOf(dense)
  const known = new Map<string, Answers>()
  const besideOf = (keep: number | undefined): Beside => ({
    dense: whole,
    ...(keep !== undefined && { resize: known.get(`resize ${keep}`), random: known.get(`random ${keep}`) }),
  })
  for (const arm of [dense, ...baselines, ...own]) {
    const answers = arm === dense ? whole : await answersOf(arm)
    known.set(`${arm.label} ${arm.keep}`, answers)
    const [method] = arm.methods
    const timing =
      rounds > 0 && arm !== dense
        ? await asker.remember(`times of ${method.name}, ${rounds} rounds`, async () => {
            onProgress(0, rounds, `times of ${armName(arm)}`)
            return timed(await load(), method, { rounds, seed, signal })
          })
        : undefined
    const { label, keep } = arm
    yield pointOf({ label, keep, method: method.name, timing }, answers, besideOf(keep), seed)
  }
}

async function galleryOf(
  { baselines, own }: Grid,
  facts: BenchFacts,
  keeps: readonly number[],
  load: () => Promise<Model>,
) {
  const nearest = [...keeps].sort((a, b) => Math.abs(a - GALLERY_KEEP) - Math.abs(b - GALLERY_KEEP))[0]
  const arms = [...baselines, ...own].filter(({ keep = nearest }) => keep === nearest)
  const rows: { name: string; shown: Shown[] }[] = []
  for (const arm of arms) rows.push({ name: armName(arm), shown: await shown(await load(), arm.methods[0], facts) })
  return rows
}

const GALLERY_KEEP = 0.25

async function factsOf(options: BenchOptions, source?: OwnTasks): Promise<BenchFacts> {
  const processors = cpus()
  const {
    model = EMBEDDED,
    seed = 1,
    n,
    tasks = source?.tasks ?? tasksOf('world'),
    threads = processors.length,
  } = options
  return {
    model,
    modelHash: (await hashModel(measuredFolder(options.model), model))[model],
    split: SPLIT,
    seed,
    n,
    tasks: chosenTasks(tasks, source),
    ...(source && { data: source.hash }),
    code: await hashCode(),
    version,
    machine: `${processors.length} x ${processors[0]?.model.trim() ?? 'unknown'}`,
    node: process.version,
    threads,
  }
}

/** Throws FoveaError `unknown_task` for a category that one's own questions do not have. */
function chosenTasks(tasks: readonly string[], source?: OwnTasks): readonly string[] {
  const unknown = source && tasks.find((task) => !source.tasks.includes(task))
  if (unknown === undefined) return tasks
  const message = `no question is of the category "${unknown}"; categories: ${source!.tasks.join(', ')}`
  throw new FoveaError('unknown_task', 'usage', message)
}

/** A folder belongs to one benchmark. Methods and shares may be added later; what is asked, of what and by what code, not. */
async function keepFacts(notebook: Notebook, facts: BenchFacts, folder: string): Promise<void> {
  const begun = notebook.get('facts') as BenchFacts | undefined
  if (!begun) return notebook.put('facts', facts)
  const differs = differences(begun, facts, [
    'model',
    'modelHash',
    'split',
    'seed',
    'n',
    'tasks',
    'data',
    'code',
    'machine',
    'threads',
  ])
  if (differs.length === 0) return
  const message = `${folder} holds a benchmark with ${differs.join('; ')}: choose another folder, or remove it`
  throw new FoveaError('bench_settings', 'usage', message)
}

const shape = z.looseObject({ date: z.string(), facts: z.looseObject({ modelHash: z.string() }), points: z.array(z.looseObject({ label: z.string() })) }) // biome-ignore format: one line

/** The result in a folder. Throws FoveaError `bench_missing`, `bench_invalid`. */
export async function readBench(folder: string): Promise<BenchRun> {
  const path = join(folder, FILE)
  const text = await readFile(path, 'utf8').catch((cause) => {
    const message = `${folder}: no finished benchmark lies there (${FILE}); fovea bench reduce --out ${folder} writes one`
    throw new FoveaError('bench_missing', 'input', message, { cause })
  })
  try {
    return shape.parse(JSON.parse(text)) as unknown as BenchRun
  } catch (cause) {
    throw new FoveaError('bench_invalid', 'input', `${path}: this is not the result of a benchmark; run it again`, {
      cause,
    })
  }
}

/** Every answer of a benchmark, by the method that gave it. */
export async function readAnswers(
  folder: string,
  { points, facts: { tasks, n } }: BenchRun,
): Promise<ReadonlyMap<string, Answers[number]>> {
  const notebook = await openNotebook(folder)
  await notebook.close()
  return new Map(
    points.map(({ method }) => [
      method,
      tasks.flatMap((task) =>
        Array.from(
          { length: n },
          (_, index) => (notebook.get(`${method} ${task} ${index}`) ?? []) as Answers[number],
        ).flat(),
      ),
    ]),
  )
}
