/** What the hub says about a model: its commit, its files, and the few of them that a model needs. */
import { INDEX, parseWeightMap, SINGLE, shardNameFault } from '../checkpoints/open-checkpoint.ts'
import { otherWeights } from '../checkpoints/other-weights.ts'
import { FoveaError } from '../errors.ts'
import { MAX_MODEL_FILE_BYTES } from '../text/model-file.ts'
import { isContentHash } from './content-hash.ts'
import { isCommit, type ModelReference } from './reference.ts'
import { type RequestOptions, readBytes, readText, request } from './request.ts'
import { withRetries } from './retry.ts'
import type { HubSettings } from './settings.ts'

export interface RemoteFile {
  readonly name: string
  readonly size: number
  /** SHA-256 or git SHA-1 of the content. */
  readonly etag: string
}

/** A model on the hub at one commit. */
export interface RemoteModel {
  readonly reference: ModelReference
  readonly commit: string
  /** The files that loading may need, weights among them. */
  readonly files: readonly RemoteFile[]
}

const NEEDED =
  /^(?:(?:generation_|processor_|preprocessor_|video_preprocessor_|tokenizer_)?config|tokenizer|special_tokens_map|added_tokens|chat_template|model\.safetensors\.index)\.json$|^chat_template\.jinja$|\.safetensors$/
/** What a tokenizer is made of in repositories without tokenizer.json. */
const BEFORE_TOKENIZER_JSON = /^(?:vocab\.json|merges\.txt)$/
const MAX_API_BYTES = 20_000_000
const MAX_FILES = 20_000
/** A page has up to 1000 files. */
const MAX_PAGES = 50
const ATTEMPTS = 4

const invalid = (id: string, message: string): FoveaError =>
  new FoveaError('hub_answer_invalid', 'network', `${id}: ${message}`)

/**
 * Looks a model up.
 * @throws FoveaError kind `network` (those of `request`, `hub_unreachable`, `hub_answer_invalid`), kind `input`
 *   `checkpoint_pickle`, `checkpoint_format`, `checkpoint_missing`, `checkpoint_invalid`, `file_too_large` for what a repository holds
 */
export async function describeRemote(
  settings: HubSettings,
  reference: ModelReference,
  signal?: AbortSignal,
): Promise<RemoteModel> {
  const { id, revision } = reference
  const { modelInfo, listFiles } = await import('@huggingface/hub')
  const api = { hubUrl: settings.endpoint, fetch: apiFetch(settings, { id, revision, signal }) }
  try {
    const { sha } = await modelInfo({ ...api, name: id, revision, additionalFields: ['sha'] })
    if (!isCommit(sha)) throw invalid(id, 'the hub named no commit')
    const entries: Entry[] = []
    for await (const entry of listFiles({
      ...api,
      repo: { type: 'model', name: id },
      revision: sha,
      recursive: true,
    })) {
      if (entries.push(entry) > MAX_FILES) throw invalid(id, `more than ${MAX_FILES} files`)
    }
    return { reference, commit: sha, files: neededFiles(id, entries) }
  } catch (error) {
    signal?.throwIfAborted()
    if (error instanceof FoveaError) throw error
    throw invalid(id, `the hub's answer cannot be read: ${(error as Error).message}`)
  }
}

interface Entry {
  readonly type: string
  readonly path: string
  readonly size: number
  readonly oid?: string
  readonly lfs?: { readonly oid: string; readonly size: number }
}

function neededFiles(id: string, entries: readonly Entry[]): RemoteFile[] {
  const listed = entries.filter(({ type }) => type === 'file')
  const names = listed.map(({ path }) => String(path))
  const escaping = names.filter((name) => /(?:^|[/\\])\.\.(?:[/\\]|$)|^[/\\]|^[A-Za-z]:|\0/.test(name))
  if (escaping.length > 0)
    throw new FoveaError('checkpoint_invalid', 'input', `${id}: file names that leave the folder: ${quote(escaping)}`)
  if (!names.includes(SINGLE) && !names.includes(INDEX)) throw noWeights(id, names)
  const isListed = (path: string) =>
    isNeeded(path) || (BEFORE_TOKENIZER_JSON.test(path) && !names.includes('tokenizer.json'))
  return listed.filter(({ path }) => isListed(path)).map((entry) => remoteFile(id, entry))
}

/** What methods were trained to for this model: fovea's own files, below `methods/`. */
const ADAPTER = /^methods\/[a-z0-9-]+\/adapter\.(?:json|safetensors)$/

/** Files of the model folder itself, and of the one folder within it that a family reads: InstructBLIP's other tokenizer. */
const isNeeded = (path: string): boolean => {
  if (ADAPTER.test(path)) return true
  const [name, folder, ...deeper] = path.split(/[/\\]/).reverse()
  const isHere = deeper.length === 0 && (folder === undefined || folder === 'qformer_tokenizer')
  return isHere && NEEDED.test(name) && !(folder && name.endsWith('.safetensors'))
}

const quote = (names: readonly string[]): string =>
  names
    .slice(0, 8)
    .map((name) => JSON.stringify(name.slice(0, 100)))
    .join(', ')

function remoteFile(id: string, { path, size, oid, lfs }: Entry): RemoteFile {
  const etag = String(lfs?.oid ?? oid)
  const length = lfs?.size ?? size
  if (!isContentHash(etag) || !Number.isSafeInteger(length) || length < 0)
    throw invalid(id, `the hub gives no hash and size of ${JSON.stringify(path)}`)
  if (length > MAX_MODEL_FILE_BYTES && !path.endsWith('.safetensors'))
    throw new FoveaError(
      'file_too_large',
      'input',
      `${id}: ${path}: ${length} bytes; the limit is ${MAX_MODEL_FILE_BYTES}`,
    )
  return { name: path, size: length, etag }
}

const noWeights = (id: string, names: readonly string[]): FoveaError =>
  otherWeights(id, names) ??
  new FoveaError('checkpoint_missing', 'input', `${id}: it holds neither ${SINGLE} nor ${INDEX}`)

/** `fetch` for the hub's client: requests are repeated, answers have a limit and must be JSON. */
function apiFetch(settings: HubSettings, options: RequestOptions): typeof fetch {
  let asked = 0
  return async (input, init) => {
    const url = String(input)
    if (++asked > MAX_PAGES) throw invalid(options.id, `its list of files goes on for more than ${MAX_PAGES} pages`)
    const headers = { ...options.headers, ...Object.fromEntries(new Headers(init?.headers)) }
    const attempt = async () => {
      const answer = await request(settings, url, { ...options, headers, isSmall: true })
      return { text: await readText(answer, MAX_API_BYTES, url), link: answer.headers.get('link') }
    }
    const { text, link } = await withRetries(retryOptions(settings, options), attempt)
    if (!/^\s*[[{]/.test(text))
      throw invalid(
        options.id,
        `${settings.endpoint} did not answer as the hub does; a proxy or a login page may answer`,
      )
    return new Response(text, { headers: link ? { link } : {} })
  }
}

const retryOptions = ({ retryMs, endpoint }: HubSettings, { id, signal }: RequestOptions) => ({
  subject: `${id}: ${endpoint}`,
  attempts: ATTEMPTS,
  retryMs,
  signal,
})

/** Where a file of a model lies; by commit, so that it cannot change while it comes. */
export const fileUrl = ({ endpoint }: HubSettings, { reference, commit }: RemoteModel, name: string): string =>
  `${endpoint}/${reference.id}/resolve/${commit}/${encodeURIComponent(name)}`

/** Bytes `[begin, end)` of a small file or of the beginning of a large one, in memory. */
export async function fetchRange(
  settings: HubSettings,
  model: RemoteModel,
  { name }: RemoteFile,
  [begin, end]: readonly [number, number],
  signal?: AbortSignal,
): Promise<Uint8Array> {
  if (end <= begin) return new Uint8Array(0)
  const url = fileUrl(settings, model, name)
  const options = { ...model.reference, signal, headers: { range: `bytes=${begin}-${end - 1}` } }
  return withRetries(retryOptions(settings, options), async () => {
    const answer = await request(settings, url, options)
    const isPart = answer.status === 206 && answer.headers.get('content-range')?.startsWith(`bytes ${begin}-`)
    if (isPart || (answer.status === 200 && begin === 0)) return readUpTo(answer.chunks(), end - begin)
    answer.close()
    throw invalid(model.reference.id, `${name}: the hub does not send parts of files`)
  })
}

/** The first `length` bytes, fewer where there are no more. */
async function readUpTo(chunks: AsyncGenerator<Uint8Array>, length: number): Promise<Uint8Array> {
  async function* first(): AsyncGenerator<Uint8Array> {
    let left = length
    for await (const chunk of chunks) {
      yield chunk.subarray(0, left)
      left -= Math.min(left, chunk.length)
      if (left === 0) return
    }
  }
  return readBytes(first(), length, '')
}

/**
 * The files of the weights, given the text of the index where there is one.
 * @throws FoveaError `checkpoint_invalid` listing entries that are no names of listed files
 */
export function weightFiles({ reference, files }: RemoteModel, indexText?: string): RemoteFile[] {
  const single = files.find(({ name }) => name === SINGLE)
  if (single) return [single]
  const names = [...new Set(parseWeightMap(indexText!, `${reference.id}: ${INDEX}`).values())]
  const faults = names.flatMap(
    (name) => shardNameFault(name) ?? (files.some((file) => file.name === name) ? [] : `${name} is missing`),
  )
  if (faults.length === 0) return files.filter(({ name }) => names.includes(name))
  throw new FoveaError('checkpoint_invalid', 'input', `${reference.id}: ${INDEX}: ${faults.slice(0, 20).join('; ')}`)
}

/** Files that are no weights; of weights the index alone. */
export const smallFiles = ({ files }: RemoteModel): RemoteFile[] =>
  files.filter(({ name }) => !name.endsWith('.safetensors'))

/** Weights of methods; what says whose they are is among the small files. */
export const adapterWeights = ({ files }: RemoteModel): RemoteFile[] =>
  files.filter(({ name }) => ADAPTER.test(name) && name.endsWith('.safetensors'))
