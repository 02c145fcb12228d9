import { createHash } from 'node:crypto'
import { readFile, realpath, stat } from 'node:fs/promises'
import { homedir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { writeFileAtomic } from '../checkpoints/atomic.ts'
import { removeLeftovers } from '../checkpoints/leftovers.ts'
import { makeFolder } from '../checkpoints/make-folder.ts'
import { openSafetensors, type SafetensorsFile, type TensorStream } from '../checkpoints/safetensors.ts'
import { FoveaError } from '../errors.ts'
import { hashFile } from '../hub/content-hash.ts'

/** Where quantized weights are kept: FOVEA_CACHE, or fovea's folder among the caches of the user. */
export function cacheFolder({ env, platform }: Pick<NodeJS.Process, 'env' | 'platform'> = process): string {
  if (env.FOVEA_CACHE) return env.FOVEA_CACHE
  if (platform === 'darwin') return join(homedir(), 'Library/Caches/fovea')
  if (platform === 'win32') return join(env.LOCALAPPDATA ?? join(homedir(), 'AppData/Local'), 'fovea/cache')
  return join(env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'fovea')
}

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex')

/** SHA-256 of everything that decides the bytes of a cache file; `parts` says the rest beside the weights. */
export async function cacheKey(files: readonly string[], parts: readonly string[], cache: string): Promise<string> {
  const hashes = []
  for (const file of files) hashes.push(await contentHash(file, cache))
  return sha256(JSON.stringify([...hashes, ...parts]))
}

/** The hash of a large file is remembered for as long as its path, size and time of change stay the same. */
async function contentHash(file: string, cache: string): Promise<string> {
  const path = await realpath(file)
  const { size, mtimeMs, ino } = await stat(path)
  const identity = `${path} ${size} ${mtimeMs} ${ino}`
  const note = join(cache, 'hashes', sha256(identity))
  const known = await readFile(note, 'utf8').catch(() => '')
  if (/^[0-9a-f]{64}$/.test(known)) return known
  const found = await digestOf(path, size)
  await save(note, new TextEncoder().encode(found)).catch(ignoreFullDisk)
  return found
}

async function digestOf(path: string, size: number): Promise<string> {
  const hash = createHash('sha256')
  await hashFile(hash, path, size)
  return hash.digest('hex')
}

/** Writes a file of the cache, and its folder if there is none. Throws FoveaError of kind `resource`. */
export async function save(
  path: string,
  content: Parameters<typeof writeFileAtomic>[1],
  isDurable = true,
): Promise<void> {
  await makeEntryFolder(path)
  await writeFileAtomic(path, content, isDurable)
}

/**
 * Makes the folder that a file of the cache will lie in, and clears it of what killed processes left.
 * @throws FoveaError `folder_unwritable`
 */
export async function makeEntryFolder(path: string): Promise<void> {
  await makeFolder(dirname(path))
  await removeLeftovers(dirname(path))
}

/** A cache that cannot be written costs time and no more. */
export function ignoreFullDisk(error: unknown): void {
  if (!(error instanceof FoveaError) || error.kind !== 'resource') throw error
}

export const exists = (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    () => false,
  )

/** Under this name a cache file says what it was made from. */
export const KEY = 'fovea_cache_key'

/** Where the SHA-256 of an entry stands; the entry cannot hold it, since its header is written first. */
const digestPath = (path: string): string => join(dirname(dirname(path)), 'digests', basename(path))

/**
 * Writes an entry of the cache as `save` does, and then its digest: without one an entry counts as damaged. Nothing waits for
 * the disk: what a power cut takes does not fit its digest and is made again.
 */
export async function saveEntry(path: string, content: AsyncIterable<Uint8Array>): Promise<void> {
  const hash = createHash('sha256')
  async function* hashed() {
    for await (const part of content) {
      hash.update(part)
      yield part
    }
  }
  await save(path, hashed(), false)
  await save(digestPath(path), new TextEncoder().encode(hash.digest('hex')), false)
}

/** Entries that this process has read and found whole, as they were then. */
const intact = new Set<string>()

/**
 * Whether an entry is what was written. It is read as a whole when a process first opens it: 100 MB take 0.1 s on the
 * reference machine, a third of it reading, which mapping the file needs anyway. Sizes and times alone would be free, but
 * a damaged weight changes neither and no answer would tell. An entry that did not change since is not read again.
 */
async function isIntact(path: string): Promise<boolean> {
  const { size, ino, mtimeNs, ctimeNs } = await stat(path, { bigint: true })
  const identity = `${path} ${size} ${ino} ${mtimeNs} ${ctimeNs}`
  if (intact.has(identity)) return true
  const expected = await readFile(digestPath(path), 'utf8').catch(() => undefined)
  if (expected === undefined || (await digestOf(path, Number(size))) !== expected) return false
  intact.add(identity)
  return true
}

/** The file under a key, if it is whole and was made for this key and these tensors; otherwise it is made again. */
export async function openCached(
  path: string,
  key: string,
  isComplete: (file: SafetensorsFile) => boolean,
): Promise<SafetensorsFile | undefined> {
  const file = await openSafetensors(path).catch((error: unknown) => {
    if (error instanceof FoveaError && error.kind === 'input') return undefined
    throw error
  })
  return file?.metadata.get(KEY) === key && isComplete(file) && (await isIntact(path)) ? file : undefined
}

/** Whether a file holds these tensors, of these dtypes and shapes. */
export const holds = (file: SafetensorsFile, tensors: ReadonlyMap<string, Pick<TensorStream, 'dtype' | 'shape'>>) =>
  [...tensors].every(([name, { dtype, shape }]) => {
    const found = file.tensors.get(name)
    return found?.dtype === dtype && found.shape.join() === shape.join()
  })
