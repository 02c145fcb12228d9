import { FoveaError } from '../../errors.ts'
import { modelPath } from '../../hub/package-root.ts'
import { formatReference, requireReference } from '../../hub/reference.ts'
import {
  type CachedModel,
  describe,
  list,
  pull,
  remove,
  settings,
  type VerifiedFile,
  verify,
} from '../../loading/node-hub.ts'
import type { ModelInfo } from '../../loading/node-model-info.ts'
import { command } from '../command.ts'
import { downloadView, formatBytes } from '../download-view.ts'
import { escapeLine } from '../escape.ts'
import { withMmprojOption } from '../model-options.ts'
import { progressView } from '../progress.ts'
import { note, print, table } from '../terminal.ts'

interface JsonFlag {
  json?: boolean
}

const NAME = 'org/name or org/name@revision'
const grouped = (count: number): string => count.toLocaleString('en-US')

const listCommand = command<JsonFlag>({
  name: 'list',
  summary: 'List the models in the cache',
  examples: ['fovea models list', 'fovea models list --json'],
  configure: (program) => program.option('--json', 'print a JSON array'),
  run: async ({ options }) => {
    const models = await list()
    if (options.json) print(JSON.stringify(models))
    else if (models.length > 0)
      print(table(['model', 'revision', '>size', '>files', 'state'], models.flatMap(listRows)))
    else print(`${settings().cache} holds no models; fovea models pull org/name fetches one`)
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
    const view = downloadView(signal)
    const { folder, commit, files, fetched } = await pull(name as string, { signal, onProgress: view.update }).finally(
      view.stop,
    )
    const bytes = files.reduce((sum, { size }) => sum + size, 0)
    if (options.json) print(JSON.stringify({ ...reference, commit, folder, bytes, fetched, files }))
    else print(`${formatReference(reference)} is in ${folder} (${formatBytes(bytes)}, ${formatBytes(fetched)} fetched)`)
  },
})

const removeCommand = command<JsonFlag>({
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
    const freed = await remove(name as string)
    print(
      options.json
        ? JSON.stringify({ id, revision: given, freed })
        : `${name} is deleted; ${formatBytes(freed)} are free`,
    )
  },
})

const verifyCommand = command<JsonFlag & { repair?: boolean }>({
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
    const reading = progressView(reference.id, Number.MAX_SAFE_INTEGER)
    const download = downloadView(signal)
    const { commit, files, faults } = await verify(name as string, {
      signal,
      repair: options.repair,
      onFile: reading.update,
      onProgress: download.update,
    }).finally(() => {
      reading.stop()
      download.stop()
    })
    print(options.json ? JSON.stringify({ ...reference, commit, files }) : verifyTable(files))
    if (faults.length === 0) return
    if (!options.repair) throw damaged(reference, faults)
    note(`${faults.length} files were fetched again`)
  },
})

const verifyTable = (files: readonly VerifiedFile[]): string =>
  table(
    ['file', '>size', 'state'],
    files.map(({ name, bytes, state }) => [escapeLine(name), formatBytes(bytes), state]),
  )

function damaged(reference: ReturnType<typeof requireReference>, faults: readonly VerifiedFile[]): FoveaError {
  const name = formatReference(reference)
  const what = faults.map((file) => `${file.name} is ${file.state}`).join(', ')
  return new FoveaError(
    'model_damaged',
    'input',
    `${name}: ${what}; fovea models verify ${name} --repair fetches them again`,
  )
}

const infoCommand = command<JsonFlag & { mmproj?: string }>({
  name: 'info',
  summary: 'Show family, parameters, files and the memory that a model needs, before loading it',
  examples: [
    'fovea models info HuggingFaceTB/SmolVLM-256M-Instruct',
    'fovea models info path/to/model',
    'fovea models info model.gguf',
    'fovea models info mini --json',
  ],
  configure: (program) =>
    withMmprojOption(program)
      .argument('<model>', `${NAME}, a model folder, a .gguf file, or "mini"`)
      .option('--json', 'print one JSON object; sizes are in bytes'),
  run: async ({ args: [name], options, signal }) => {
    const found = {
      ...(await describe(modelPath(name as string), { signal, mmproj: options.mmproj })),
      model: name as string,
    }
    print(options.json ? JSON.stringify(found) : describeInfo(found, found.isLocal))
  },
})

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
  subcommands: [listCommand, pullCommand, removeCommand, verifyCommand, infoCommand] as never,
})
