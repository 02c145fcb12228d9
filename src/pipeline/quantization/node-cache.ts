import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { mkdir, readFile, realpath, stat } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { writeFileAtomic } from '../../checkpoints/atomic.ts'
import { openSafetensors, type SafetensorsFile, type TensorStream } from '../../checkpoints/safetensors.ts'
import { FoveaError } from '../../errors.ts'

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
  const hash = createHash('sha256')
  for await (const chunk of createReadStream(path, { highWaterMark: 2 ** 20 })) hash.update(chunk)
  const found = hash.digest('hex')
  await save(note, new TextEncoder().encode(found)).catch(ignoreFullDisk)
  return found
}

/** Writes a file of the cache, and its folder if there is none. Throws FoveaError of kind `resource`. */
export async function save(path: string, content: Parameters<typeof writeFileAtomic>[1]): Promise<void> {
  await mkdir(join(path, '..'), { recursive: true }).catch((cause: NodeJS.ErrnoException) => {
    throw new FoveaError('cache_unwritable', 'resource', `${path}: its folder cannot be made (${cause.code})`, {
      cause,
    })
  })
  await writeFileAtomic(path, content)
}

/** A cache that cannot be written costs time and no more. */
export function ignoreFullDisk(error: unknown): void {
  if (!(error instanceof FoveaError) || error.kind !== 'resource') throw error
}

/** Under this name a cache file says what it was made from. */
export const KEY = 'fovea_cache_key'

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
  return file?.metadata.get(KEY) === key && isComplete(file) ? file : undefined
}

/** Whether a file holds these tensors, of these dtypes and shapes. */
export const holds = (file: SafetensorsFile, tensors: ReadonlyMap<string, Pick<TensorStream, 'dtype' | 'shape'>>) =>
  [...tensors].every(([name, { dtype, shape }]) => {
    const found = file.tensors.get(name)
    return found?.dtype === dtype && found.shape.join() === shape.join()
  })
