/** A whole model from the hub into the cache. */
import { readFile, statfs } from 'node:fs/promises'
import { join } from 'node:path'
import { INDEX } from '../checkpoints/open-checkpoint.ts'
import { FoveaError } from '../errors.ts'
import { blobPath, linkBlob, repositoryFolder, sizeOf, snapshotFolder, writeRef } from './cache.ts'
import { diskError } from './disk-error.ts'
import { type DownloadContext, downloadBlob, partPath } from './download.ts'
import type { ModelReference } from './reference.ts'
import { adapterWeights, describeRemote, type RemoteFile, smallFiles, weightFiles } from './remote.ts'
import { type HubSettings, hubSettings } from './settings.ts'

/** How far a download is. */
export interface DownloadProgress {
  /** `org/name` */
  readonly id: string
  /** Of all files that this call has to fetch, but config.json and the index of the weights, which come before. */
  readonly bytes: number
  readonly totalBytes: number
  /** The file that moved last. */
  readonly file: string
  /** Set while another process downloads this file and this one waits. */
  readonly waitingFor?: number
}

export interface PullOptions {
  /** Aborting keeps what has come; the next call goes on from there. */
  readonly signal?: AbortSignal
  readonly onProgress?: (progress: DownloadProgress) => void
  /** Called with the parsed config.json before the weights are fetched; throw to save them the way. */
  readonly checkConfig?: (config: Record<string, unknown>) => void
  readonly settings?: HubSettings
}

export interface PulledModel {
  readonly folder: string
  readonly commit: string
  readonly files: readonly RemoteFile[]
  /** Bytes that had to be fetched. */
  readonly fetched: number
}

const FILES_AT_ONCE = 4

/**
 * Brings a model into the cache, up to date with the hub; files that are there already are not fetched.
 * @throws FoveaError those of `describeRemote` and `downloadBlob`, and kind `resource`: `disk_full` (before anything large
 *   comes, where that can be told) and `write_failed`
 */
export async function pullModel(reference: ModelReference, options: PullOptions = {}): Promise<PulledModel> {
  const { settings = hubSettings() } = options
  if (settings.offline) throw offlineError(reference.id)
  const model = await describeRemote(settings, reference, options.signal)
  const repository = repositoryFolder(settings.cache, reference.id)
  return fetchModel({ settings, model, repository }, options).catch((error) => {
    throw diskError(error, repository)
  })
}

type Place = Pick<DownloadContext, 'settings' | 'model' | 'repository'>

/** Config and index first: they say whether the rest is wanted, and what it is. */
async function fetchModel(place: Place, options: PullOptions): Promise<PulledModel> {
  const { model, repository } = place
  const { reference, commit } = model
  const { signal, checkConfig } = options
  const small = smallFiles(model)
  const first = small.filter(({ name }) => name === 'config.json' || name === INDEX)
  let fetched = await fetchAll(first, place, { signal })
  const texts = await readBlobs(repository, first)
  const config = parseConfig(reference.id, texts.get('config.json'))
  checkConfig?.(config)
  const weights = [...adapterWeights(model), ...weightFiles(model, texts.get(INDEX))]
  fetched += await fetchAll([...small.filter((file) => !first.includes(file)), ...weights], place, options)
  const files = [...small, ...weights]
  for (const { name, etag } of files) await linkBlob(repository, commit, name, etag)
  await writeRef(repository, reference.revision, commit)
  return { folder: snapshotFolder(repository, commit), commit, files, fetched }
}

export function offlineError(id: string): FoveaError {
  const message = `${id}: it is not in the cache as a whole, and HF_HUB_OFFLINE forbids asking the hub; unset it and run fovea models pull ${id}`
  return new FoveaError('hub_offline', 'network', message)
}

async function readBlobs(repository: string, files: readonly RemoteFile[]): Promise<Map<string, string>> {
  const read = async ({ name, etag }: RemoteFile) => [name, await readFile(blobPath(repository, etag), 'utf8')] as const
  return new Map(await Promise.all(files.map(read)))
}

function parseConfig(id: string, text: string | undefined): Record<string, unknown> {
  const problem = text === undefined ? 'it holds no config.json' : 'its config.json is not a JSON object'
  try {
    const config = JSON.parse(text ?? '')
    if (typeof config === 'object' && config !== null && !Array.isArray(config)) return config
  } catch {
    // said below
  }
  throw new FoveaError('config_missing', 'input', `${id}: ${problem}, so it is no model that can be loaded`)
}

/** Fetches files, a few at a time, and returns how many bytes had to come. */
async function fetchAll(
  files: readonly RemoteFile[],
  place: Place,
  { signal, onProgress }: PullOptions,
): Promise<number> {
  const missing = await missingFiles(place.repository, files)
  const totalBytes = missing.reduce((sum, { size }) => sum + size, 0)
  await assertSpace(place.repository, missing)
  const done = new Map<string, number>()
  const report = (file: RemoteFile, waitingFor?: number) => {
    const bytes = [...done.values()].reduce((sum, part) => sum + part, 0)
    onProgress?.({ id: place.model.reference.id, bytes, totalBytes, file: file.name, waitingFor })
  }
  const onBytes = (file: RemoteFile, bytes: number) => {
    done.set(file.name, bytes)
    report(file)
  }
  const group = new AbortController() // what one file cannot mend ends the others too
  const stop = () => group.abort(signal?.reason)
  signal?.addEventListener('abort', stop)
  if (signal?.aborted) stop()
  const context = { ...place, signal: group.signal, onBytes, onWait: report }
  try {
    await inTurns(missing, (file) => downloadBlob(file, context), group)
  } finally {
    signal?.removeEventListener('abort', stop)
  }
  return totalBytes
}

/** Runs `work` on all items, a few at a time. The first error aborts the others and is thrown once they ended. */
async function inTurns<T>(
  items: readonly T[],
  work: (item: T) => Promise<void>,
  group: AbortController,
): Promise<void> {
  const waiting = [...items]
  const errors: unknown[] = []
  const takeTurns = async () => {
    for (let item = waiting.shift(); item !== undefined && !group.signal.aborted; item = waiting.shift())
      await work(item).catch((error) => {
        errors.push(error)
        group.abort(error)
      })
  }
  await Promise.all(Array.from({ length: FILES_AT_ONCE }, takeTurns))
  if (errors.length > 0) throw errors[0]
  group.signal.throwIfAborted()
}

async function missingFiles(repository: string, files: readonly RemoteFile[]): Promise<RemoteFile[]> {
  const sizes = await Promise.all(files.map(({ etag }) => sizeOf(blobPath(repository, etag))))
  const distinct = new Map(files.filter(({ size }, at) => sizes[at] !== size).map((file) => [file.etag, file]))
  return [...distinct.values()]
}

/** Refuses at once what cannot fit on the disk, parts that are there already taken into account. */
async function assertSpace(repository: string, files: readonly RemoteFile[]): Promise<void> {
  const parts = await Promise.all(files.map(async ({ etag }) => (await sizeOf(partPath(repository, etag))) ?? 0))
  const needed = files.reduce((sum, { size }, at) => sum + Math.max(0, size - parts[at]), 0)
  const free = await statfs(join(repository, '..')).then(
    ({ bavail, bsize }) => bavail * bsize,
    () => undefined,
  )
  if (free === undefined || free >= needed) return
  const gigabytes = (bytes: number) => `${(bytes / 1e9).toFixed(2)} GB`
  const message = `${repository}: ${gigabytes(needed)} are still to come and ${gigabytes(free)} are free; make room, or set HF_HUB_CACHE to another disk`
  throw new FoveaError('disk_full', 'resource', message)
}
