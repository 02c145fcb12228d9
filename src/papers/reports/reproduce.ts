import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { assertOptions, FoveaError, type OptionForm } from '../../errors.ts'
import { greedyModel } from '../../evaluation/greedy-model.ts'
import { loadModel } from '../../evaluation/load-model.ts'
import { version } from '../../hub/package-root.ts'
import type { Model } from '../../pipeline/model.ts'
import { closest } from '../../text/closest.ts'
import { completionsUrl, type Endpoint } from '../../text/endpoint.ts'
import type { Paper } from '../paper.ts'
import { findPaper } from '../registry.ts'
import { type Dependencies, dependenciesOf, EMBEDDED, hashCode, hashModel, measuredFolder } from './depends.ts'
import { SPLIT } from './lab.ts'
import { type Notebook, openNotebook } from './notebook.ts'
import { type PaperResults, type PartResult, readResults, writePart } from './results.ts'
import { PARTS, type Part, type Row } from './row.ts'
import { partsOf, requireRun } from './run-of.ts'
import { type Standing, standingOf } from './standing.ts'

export interface ReproduceOptions {
  /** The parts to measure; all by default. */
  readonly only?: readonly Part[]
  /** Few questions, for a look in seconds; no results are written. */
  readonly quick?: boolean
  /** Of the questions. */
  readonly seed?: number
  /** Images per task: 40, or 4 when quick. */
  readonly n?: number
  /** A model folder; fovea-mini by default. Results of another model are only written where `results` says. */
  readonly model?: string
  /**
   * Another language model for papers that call one, behind an address that speaks OpenAI's chat completions. Results with it
   * are only written where `results` says.
   */
  readonly llm?: Endpoint
  /** Threads of the engine; one is best beside other work, and all of them, the default, for a headline. */
  readonly threads?: number
  /** Folder of results, `results` by default. */
  readonly results?: string
  /** Folder of what runs know so far, `runs/reproduce` by default. */
  readonly runs?: string
  /** Ends the run; what it knows is kept, and the same call goes on from there. */
  readonly signal?: AbortSignal
  readonly onProgress?: (part: Part, done: number, total: number, status: string) => void
}

const REPRODUCE_FORMS: Readonly<Record<keyof ReproduceOptions, OptionForm>> = {
  only: 'texts',
  quick: 'boolean',
  seed: 'number',
  n: 'number',
  model: 'string',
  llm: 'object',
  threads: 'number',
  results: 'string',
  runs: 'string',
  signal: 'signal',
  onProgress: 'function',
}

/** What a run ends in. */
export interface Reproduction {
  readonly id: string
  /** False where the signal ended it. */
  readonly finished: boolean
  readonly parts: PaperResults['parts']
  /** The state that the stored results amount to; of these parts alone where nothing was stored. */
  readonly standing: Standing
  /** The file of results, where one was written. */
  readonly path?: string
}

/** All about one run that its parts share. */
interface Running {
  readonly entry: Paper
  readonly options: ReproduceOptions
  readonly n: number
  readonly seed: number
  readonly modelName: string
  readonly depends: Dependencies
  readonly notebook: Notebook
  /** Where the run is kept, and where the model lies. */
  readonly folder: string
  readonly base: string
  readonly signal: AbortSignal
  readonly model: () => Promise<Model>
}

/**
 * Measures what a paper claims, and yields each row as it is found. Each part is written to `results/<id>.json` when it
 * is whole. What a run knows is kept below `runs`: killed or aborted, the same call goes on from there; and answers that
 * other papers are compared with too, as those of random pruning, are asked for once for all of them. Any change of the
 * code or the model begins anew.
 *
 * @throws FoveaError kind `usage`: `unknown_paper`, `nothing_to_reproduce`, `unknown_part`, `count_invalid`; kind `input`
 *   for what is wrong with a model or a file of results; kind `resource` while another process reproduces the same
 */
export async function* reproduce(id: string, options: ReproduceOptions = {}): AsyncGenerator<Row, Reproduction> {
  const entry = findPaper(id)
  assertOptions('reproduce', options, REPRODUCE_FORMS)
  requireRun(entry)
  if (options.llm) completionsUrl(options.llm.url) // before anything is computed
  const wanted = wantedParts(entry, options.only)
  const signal = options.signal ?? new AbortController().signal
  const { n, seed } = countsOf(options)
  const modelName = options.model ?? EMBEDDED
  const base = measuredFolder(options.model)
  const depends = await dependenciesOf(entry, await hashModel(base, modelName))
  const of = JSON.stringify([await hashCode(), depends[modelName], seed])
  const name = createHash('sha256').update(of).digest('hex').slice(0, 12)
  const folder = join(options.runs ?? 'runs/reproduce', name)
  const notebook = await openNotebook(folder)
  let loaded: Promise<Model> | undefined
  const model = () => (loaded ??= loadModel(base, { signal, threads: options.threads }).then(greedyModel))
  const running = { entry, options, n, seed, modelName, depends, notebook, folder, base, signal, model }
  try {
    const { parts, path } = yield* runParts(running, wanted)
    const finished = wanted.every((part) => parts[part])
    if (finished) for (const part of wanted) await notebook.put(rowsKey(running, part), undefined)
    const stored = isKept(options) ? await readResults(id, [options.results ?? 'results']) : undefined
    const standing = standingOf(entry, stored ?? { id, parts }, depends, modelName)
    return { id, finished, parts, standing, ...(path && { path }) }
  } finally {
    await notebook.close()
    await loaded?.then((opened) => opened.dispose()).catch(() => {}) // what failed to load was told
  }
}

/** Where the rows of a part are kept while other parts are not done. */
const rowsKey = ({ entry, options, n }: Running, part: Part): string =>
  `${entry.id}: rows of ${part}, n ${n}${options.quick ? ', quick' : ''}${options.llm ? `, with ${options.llm.url} ${options.llm.model}` : ''}`

async function* runParts(running: Running, wanted: readonly Part[]) {
  const parts: PaperResults['parts'] = {}
  let path: string | undefined
  for (const part of wanted) {
    const result = yield* runPart(running, part)
    if (!result) break
    parts[part] = result
    if (isKept(running.options))
      path = await writePart(running.options.results ?? 'results', running.entry.id, part, result)
  }
  return { parts, path }
}

/** Rows of a part as they come; the part as a whole at its end, or undefined when it was aborted. */
async function* runPart(running: Running, part: Part): AsyncGenerator<Row, PartResult | undefined> {
  const { entry, options, n, seed, depends, modelName, ...shared } = running
  const { notebook, signal } = shared
  const key = rowsKey(running, part)
  const known = notebook.get(key) as PartResult | undefined
  if (known) {
    yield* known.rows as Row[]
    return known
  }
  const progress = (at: number, total: number, status: string) => options.onProgress?.(part, at, total, status)
  const { openLab } = await import('./open-lab.ts') // draws and reads images, which not all who import this will
  const { quick = false, threads, llm } = options
  const lab = openLab({ ...shared, entry, part, seed, n, quick, threads, llm, progress })
  const rows: Row[] = []
  try {
    for await (const row of requireRun(entry)(lab)) {
      assertRow(entry, part, row, rows)
      rows.push(row)
      yield row
    }
  } catch (error) {
    if (signal.aborted) return undefined
    throw error
  }
  if (signal.aborted) return undefined
  const facts = { date: new Date().toISOString(), version, model: modelName, split: SPLIT, seed, n, depends }
  const result: PartResult = { ...facts, rows: rows as PartResult['rows'] }
  await notebook.put(key, result)
  return result
}

/** A run that breaks its word is a bug of the paper's file. */
function assertRow({ id }: Paper, part: Part, row: Row, before: readonly Row[]): void {
  const say = (problem: string) => new Error(`the run of ${id}: row "${row.name}" ${problem}`)
  if (row.part !== part) throw say(`is of part ${row.part}, but ${part} was asked for`)
  if (before.some(({ name }) => name === row.name)) throw say('was given twice')
  const numbers = [row.value, ...(row.interval ?? []), row.baseline?.value ?? 0, row.paper?.value ?? 0]
  if (!numbers.every(Number.isFinite)) throw say('holds what is no finite number')
}

const isKept = ({ quick, model, llm, results }: ReproduceOptions): boolean =>
  !quick && ((model === undefined && llm === undefined) || results !== undefined)

/** Parts in their order, of those that can be measured. */
function wantedParts(entry: Paper, only: readonly Part[] = PARTS): Part[] {
  for (const part of only) {
    if (PARTS.includes(part)) continue
    const near = closest(part, PARTS)
    const hint = near.length ? `did you mean ${near.join(', ')}?` : `parts: ${PARTS.join(', ')}`
    throw new FoveaError('unknown_part', 'usage', `there is no part "${part}"; ${hint}`)
  }
  const known = partsOf(entry)
  const wanted = known.filter((part) => only.includes(part))
  if (wanted.length > 0) return wanted
  const missing = `${entry.id} has no ${only.join(' and no ')} to measure`
  throw new FoveaError('unknown_part', 'usage', `${missing}; it has: ${known.join(', ')}`)
}

function countsOf({ n, seed = 1, quick }: ReproduceOptions): { n: number; seed: number } {
  const count = n ?? (quick ? 4 : 40)
  if (!Number.isSafeInteger(count) || count < 1)
    throw new FoveaError('count_invalid', 'usage', `n must be a whole number from 1, got ${n}`)
  if (!Number.isSafeInteger(seed)) throw new FoveaError('count_invalid', 'usage', `seed must be whole, got ${seed}`)
  return { n: count, seed }
}
