/** One file of a model, from the hub to the cache: resumed where it stopped, checked before it gets its name. */
import type { Hash } from 'node:crypto'
import { constants } from 'node:fs'
import { type FileHandle, open, rename } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { makeFolder } from '../checkpoints/make-folder.ts'
import { mistakenContent } from '../checkpoints/safetensors-header.ts'
import { FoveaError } from '../errors.ts'
import { blobPath, sizeOf } from './cache.ts'
import { contentHash, hashFile } from './content-hash.ts'
import { withLock } from './lock.ts'
import { fileUrl, type RemoteFile, type RemoteModel } from './remote.ts'
import { type Answer, request } from './request.ts'
import { Transient, withRetries } from './retry.ts'
import type { HubSettings } from './settings.ts'

export interface DownloadContext {
  readonly settings: HubSettings
  readonly model: RemoteModel
  /** The folder of the model in the cache. */
  readonly repository: string
  readonly signal?: AbortSignal
  /** How many bytes of this file are there by now; it may fall when the file is begun anew. */
  readonly onBytes: (file: RemoteFile, bytes: number) => void
  /** Another process is downloading the file. */
  readonly onWait: (file: RemoteFile, pid: number) => void
}

const ATTEMPTS = 6
/** With so many new bytes an attempt counts as progress. */
const PROGRESS_BYTES = 1_000_000

/** Where a download is locked: beside the locks of the other libraries, which are of another kind. */
export const lockPath = (repository: string, etag: string): string =>
  join(dirname(repository), '.locks', basename(repository), `${etag}.fovea.lock`)

export const partPath = (repository: string, etag: string): string => `${blobPath(repository, etag)}.part`

/**
 * Makes sure that the cache holds a file's content. Of several processes one downloads, the others wait for it.
 * What has come stays in the part for the next call, whatever happens.
 * @throws FoveaError kind `network`: those of `request`, `hub_unreachable`, `hub_hash_mismatch`, `hub_not_weights`; errors
 *   of the file system as they are
 */
export async function downloadBlob(file: RemoteFile, context: DownloadContext): Promise<void> {
  const { repository, signal, onBytes, onWait } = context
  const blob = blobPath(repository, file.etag)
  const isThere = async () => (await sizeOf(blob)) === file.size
  if (!(await isThere())) {
    const transferIfMissing = async () => (await isThere()) || (await transfer(file, blob, context))
    const waiting = { signal, onWait: (pid: number) => onWait(file, pid) }
    await makeFolder(dirname(blob))
    await withLock(lockPath(repository, file.etag), transferIfMissing, waiting)
  }
  onBytes(file, file.size)
}

/** A file on its way; the same through all attempts. */
interface Transfer extends DownloadContext {
  readonly file: RemoteFile
  readonly part: string
  /** How often all bytes had come and were others than the hub had named. */
  mismatches: number
  /** The most bytes that the part ever had. */
  reached: number
}

async function transfer(file: RemoteFile, blob: string, context: DownloadContext): Promise<void> {
  const { repository, settings, model, signal } = context
  const state: Transfer = { ...context, file, part: partPath(repository, file.etag), mismatches: 0, reached: 0 }
  let counted = 0
  const hasProgressed = () => {
    const isMore = state.reached - counted >= PROGRESS_BYTES
    counted = Math.max(counted, state.reached)
    return isMore
  }
  const subject = `${model.reference.id}: ${file.name}`
  await withRetries({ subject, attempts: ATTEMPTS, retryMs: settings.retryMs, signal, hasProgressed }, () =>
    withPart(state, (part) => receive(part, state)),
  )
  await rename(state.part, blob).catch(async (error) => {
    if ((await sizeOf(blob)) !== file.size) throw error // else another process was quicker
  })
}

/** A link in the place of a part would have what it leads to overwritten. */
const NO_LINK = constants.O_NOFOLLOW ?? 0

async function withPart(state: Transfer, use: (part: FileHandle) => Promise<void>): Promise<void> {
  // Not in append mode: should two processes ever write, they write the same bytes to the same places.
  const part = await open(state.part, constants.O_RDWR | constants.O_CREAT | NO_LINK, 0o644)
  try {
    await use(part)
  } finally {
    await part.close()
  }
}

/** One attempt: goes on from where the part ends, and flushes it to disk once it is what the hub named. */
async function receive(part: FileHandle, state: Transfer): Promise<void> {
  const { file, signal } = state
  let { size: have } = await part.stat()
  if (have > file.size) have = await empty(part)
  const hash = contentHash(file.etag, file.size)
  await hashFile(hash, state.part, have, signal)
  const checked = have < file.size || file.size === 0 ? await receiveRest(part, have, hash, state) : hash
  if (checked.digest('hex') !== file.etag) await refuse(part, state)
  await part.sync()
}

/** Fetches what lies behind the first `have` bytes. Returns the hash of all bytes. */
async function receiveRest(part: FileHandle, have: number, hash: Hash, state: Transfer): Promise<Hash> {
  const { file, model, settings, signal, onBytes } = state
  const headers: Record<string, string> = have > 0 ? { range: `bytes=${have}-` } : {}
  const answer = await request(settings, fileUrl(settings, model, file.name), { ...model.reference, headers, signal })
  const start = startOf(answer, have, file)
  if (start === undefined) {
    answer.close()
    await empty(part)
    throw new Transient('what had come does not belong to what the hub has now; it was begun anew', 0)
  }
  if (start < have) await empty(part)
  const whole = start < have ? contentHash(file.etag, file.size) : hash
  let at = start
  for await (const chunk of answer.chunks()) {
    if (at === 0) await assertContent(part, chunk, state)
    if (at + chunk.length > file.size) await refuse(part, state, `more than its ${file.size} bytes came`)
    whole.update(chunk)
    await writeAt(part, chunk, at)
    at += chunk.length
    state.reached = Math.max(state.reached, at)
    onBytes(file, at)
  }
  if (at < file.size) throw new Transient(`the connection ended after ${at} of ${file.size} bytes`)
  return whole
}

/** Where the bytes of an answer belong; undefined where they cannot follow those that are there. */
function startOf({ status, headers, etag }: Answer, have: number, file: RemoteFile): number | undefined {
  if (status === 200) return 0
  const isSame = etag === undefined || etag === file.etag
  return status === 206 && isSame && headers.get('content-range')?.startsWith(`bytes ${have}-`) ? have : undefined
}

async function empty(part: FileHandle): Promise<number> {
  await part.truncate(0)
  return 0
}

/** Drops all bytes. The first time this may be the fault of an old part, the second time it is that of the server. */
async function refuse(
  part: FileHandle,
  state: Transfer,
  what = 'its bytes are not those that the hub names',
): Promise<never> {
  await empty(part)
  const { file, model } = state
  if (++state.mismatches < 2) throw new Transient(what, 0)
  const message = `${model.reference.id}: ${file.name}: ${what} (${file.etag}); they were dropped. Try again, or another HF_ENDPOINT`
  throw new FoveaError('hub_hash_mismatch', 'network', message)
}

/** A web page or a pointer would fail the hash too, but only after all of it, and with a message that helps nobody. */
async function assertContent(part: FileHandle, start: Uint8Array, { file, model }: Transfer): Promise<void> {
  const mistaken = /\.(?:safetensors|json)$/.test(file.name) ? mistakenContent(start) : undefined
  if (!mistaken) return
  await empty(part)
  const message = `${model.reference.id}: ${file.name}: ${mistaken}; a proxy, a login page or a bad mirror may answer for the hub`
  throw new FoveaError('hub_not_weights', 'network', message)
}

async function writeAt(part: FileHandle, bytes: Uint8Array, position: number): Promise<void> {
  for (let at = 0; at < bytes.length; ) {
    const { bytesWritten } = await part.write(bytes, at, bytes.length - at, position + at)
    at += bytesWritten
  }
}
