import { stat } from 'node:fs/promises'
import { basename } from 'node:path'
import { FoveaError } from '../../errors.ts'
import { cachedSnapshot } from '../../hub/cache.ts'
import {
  type CachedModel,
  dropDamaged,
  findCached,
  listModels,
  removeModel,
  type VerifiedFile,
  verifyRevision,
} from '../../hub/cached-models.ts'
import { localSource, type ModelSource, remoteSource } from '../../hub/model-source.ts'
import { offlineError, type PulledModel, pullModel } from '../../hub/pull.ts'
import { formatReference, type ModelReference, requireReference } from '../../hub/reference.ts'
import { hubSettings } from '../../hub/settings.ts'
import { assertKnown } from '../../models/find-family.ts'
import { describeSource, type ModelInfo } from '../../pipeline/node-model-info.ts'
import { command } from '../command.ts'
import { downloadView, formatBytes } from '../download-view.ts'
import { escapeLine } from '../escape.ts'
import { modelPath } from '../package-root.ts'
import { progressView } from '../progress.ts'
import { note, print, table } from '../terminal.ts'

interface JsonFlag {
  json?: boolean
}

const NAME = 'org/name or org/name@revision'
const grouped = (count: number): string => count.toLocaleString('en-US')

const list = command<JsonFlag>({
  name: 'list',
  summary: 'List the models in the cache',
  examples: ['fovea models list', 'fovea models list --json'],
  configure: (program) => program.option('--json', 'print a JSON array'),
  run: async ({ options }) => {
    const { cache } = hubSettings()
    const models = await listModels(cache)
    if (options.json) print(JSON.stringify(models))
    else if (models.length > 0)
      print(table(['model', 'revision', '>size', '>files', 'state'], models.flatMap(listRows)))
    else print(`${cache} holds no models; fovea models pull org/name fetches one`)
  },
})

/** A row for each revision, and one for a model of which only parts have come. */
function listRows({ id, revisions, bytes, unfinished }: CachedModel): string[][] {
  const name = escapeLine(id)
  if (revisions.length === 0) return [[name, '', formatBytes(bytes), '0', unfinished > 0 ? 'unfinished' : 'empty']]
  return revisions.map(({ commit, refs, bytes: size, files, isComplete }) => {
    const revision = [...refs, commit.slice(0, 8)].map(escapeLine).join(', ')
    return [name, revision, formatBytes(size), String(files), isComplete ? 'ready' : 'not complete']
  })
}

async function pull(reference: ModelReference, signal: AbortSignal): Promise<PulledModel> {
  const view = downloadView(signal)
  const checkConfig = (config: Record<string, unknown>) => assertKnown(config, reference.id)
  try {
    return await pullModel(reference, { signal, onProgress: view.update, checkConfig })
  } finally {
    view.stop()
  }
}

const pullCommand = command<JsonFlag>({
  name: 'pull',
  summary: 'Download a model, or bring it up to date',
  examples: [
    'fovea models pull HuggingFaceTB/SmolVLM-256M-Instruct',
    'fovea models pull org/name@refs/pr/1',
    'HF_ENDPOINT=https://hub.example.com fovea models pull org/name --json',
  ],
  configure: (program) => program.argument('<model>', NAME).option('--json', 'print one JSON object'),
  run: async ({ args: [name], options, signal }) => {
    const reference = requireReference(name as string)
    const { folder, commit, files, fetched } = await pull(reference, signal)
    const bytes = files.reduce((sum, { size }) => sum + size, 0)
    if (options.json) print(JSON.stringify({ ...reference, commit, folder, bytes, fetched, files }))
    else print(`${formatReference(reference)} is in ${folder} (${formatBytes(bytes)}, ${formatBytes(fetched)} fetched)`)
  },
})

const remove = command<JsonFlag>({
  name: 'remove',
  summary: 'Delete a model from the cache, or one revision of it',
  examples: ['fovea models remove org/name', 'fovea models remove org/name@v1.0'],
  configure: (program) =>
    program
      .argument('<model>', `${NAME}; without a revision all of them are deleted`)
      .option('--json', 'print one JSON object'),
  run: async ({ args: [name], options }) => {
    const { id, revision } = requireReference(name as string)
    const given = (name as string).includes('@') ? revision : undefined
    const freed = await removeModel(hubSettings().cache, id, given)
    print(
      options.json
        ? JSON.stringify({ id, revision: given, freed })
        : `${name} is deleted; ${formatBytes(freed)} are free`,
    )
  },
})

const verify = command<JsonFlag & { repair?: boolean }>({
  name: 'verify',
  summary: "Compare a model's files in the cache with their hashes",
  examples: ['fovea models verify org/name', 'fovea models verify org/name --repair'],
  configure: (program) =>
    program
      .argument('<model>', NAME)
      .option('--repair', 'download damaged and missing files again')
      .option('--json', 'print one JSON object'),
  run: async ({ args: [name], options, signal }) => {
    const reference = requireReference(name as string)
    const found = await findCached(hubSettings().cache, reference)
    const view = progressView(reference.id, Number.MAX_SAFE_INTEGER)
    const files = await verifyRevision(found, { signal, onFile: view.update }).finally(view.stop)
    const faults = files.filter(({ state }) => state === 'damaged' || state === 'missing')
    print(options.json ? JSON.stringify({ ...reference, commit: found.commit, files }) : verifyTable(files))
    if (faults.length === 0) return
    if (!options.repair) throw damaged(reference, faults)
    await dropDamaged(found, files)
    await pull({ ...reference, revision: found.commit }, signal)
    note(`${faults.length} files were fetched again`)
  },
})

const verifyTable = (files: readonly VerifiedFile[]): string =>
  table(
    ['file', '>size', 'state'],
    files.map(({ name, bytes, state }) => [escapeLine(name), formatBytes(bytes), state]),
  )

function damaged(reference: ModelReference, faults: readonly VerifiedFile[]): FoveaError {
  const name = formatReference(reference)
  const what = faults.map((file) => `${file.name} is ${file.state}`).join(', ')
  return new FoveaError(
    'model_damaged',
    'input',
    `${name}: ${what}; fovea models verify ${name} --repair fetches them again`,
  )
}

const info = command<JsonFlag>({
  name: 'info',
  summary: 'Show family, parameters, files and the memory that a model needs, before loading it',
  examples: [
    'fovea models info HuggingFaceTB/SmolVLM-256M-Instruct',
    'fovea models info path/to/model',
    'fovea models info mini --json',
  ],
  configure: (program) =>
    program
      .argument('<model>', `${NAME}, a model folder, or "mini"`)
      .option('--json', 'print one JSON object; sizes are in bytes'),
  run: async ({ args: [name], options, signal }) => {
    const { source, isLocal } = await findSource(name as string, signal)
    const found = await describeSource(source)
    print(options.json ? JSON.stringify({ ...found, isLocal }) : describeInfo(found, isLocal))
  },
})

/** The files of a folder, of the cache, or of the hub, in this order. */
async function findSource(name: string, signal: AbortSignal): Promise<{ source: ModelSource; isLocal: boolean }> {
  const path = modelPath(name)
  if (await stat(path).catch(() => undefined)) return { source: await localSource(path, name), isLocal: true }
  const reference = requireReference(name)
  const settings = hubSettings()
  const cached = await cachedSnapshot(settings.cache, reference)
  if (cached) return { source: { ...(await localSource(cached, name)), commit: basename(cached) }, isLocal: true }
  if (settings.offline) throw offlineError(name)
  return { source: await remoteSource(settings, reference, signal), isLocal: false }
}

function describeInfo(found: ModelInfo, isLocal: boolean): string {
  const dtypes = Object.entries(found.dtypes).map(([dtype, count]) => `${dtype} (${grouped(count)})`)
  const memory = found.memory.map(({ precision, total }) => `${precision} ${formatBytes(total)}`)
  const [{ context, cache } = { context: 0, cache: 0 }] = found.memory
  const included = context > 0 ? `, with ${grouped(context)} tokens of context (${formatBytes(cache)})` : ''
  const facts: [string, string | undefined][] = [
    ['model', found.model],
    ['commit', found.commit],
    ['family', found.family ?? `none: ${found.problem}`],
    ['parameters', grouped(found.parameters)],
    ['stored as', dtypes.join(', ')],
    ['on disk', `${formatBytes(found.bytes)} in ${found.files.length} files, ${isLocal ? 'here' : 'not downloaded'}`],
    ['memory', memory.length > 0 ? memory.join(', ') + included : undefined],
  ]
  const width = Math.max(...facts.map(([name]) => name.length)) + 2
  const lines = facts.flatMap(([name, value]) => (value === undefined ? [] : name.padEnd(width) + escapeLine(value)))
  const rows = found.files.map(({ name, size }) => [escapeLine(name), formatBytes(size)])
  return `${lines.join('\n')}\n\n${table(['file', '>size'], rows)}`
}

export const modelsCommand = command({
  name: 'models',
  summary: 'List, download, check and delete models of the Hugging Face hub',
  examples: [
    'fovea models info HuggingFaceTB/SmolVLM-256M-Instruct',
    'fovea models pull HuggingFaceTB/SmolVLM-256M-Instruct',
    'fovea models list',
  ],
  subcommands: [list, pullCommand, remove, verify, info] as never,
})
