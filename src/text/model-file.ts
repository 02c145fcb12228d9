/** Small text files of a model folder, read with a size limit. */
import { open, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { FoveaError } from '../errors.ts'

/** Above the largest published tokenizer.json (about 35 MB). */
export const MAX_MODEL_FILE_BYTES = 100_000_000

/**
 * Text of a file, or undefined when there is none.
 * @throws FoveaError `file_unreadable`, `file_too_large`
 */
export async function readModelFile(folder: string, name: string): Promise<string | undefined> {
  const path = join(folder, name)
  let file: Awaited<ReturnType<typeof open>> | undefined
  try {
    if (!(await stat(path)).isFile()) throw new Error('not a file') // opening a pipe would wait for its other end
    file = await open(path)
    const { size } = await file.stat()
    if (size > MAX_MODEL_FILE_BYTES) {
      throw new FoveaError('file_too_large', 'input', `${path}: ${size} bytes; the limit is ${MAX_MODEL_FILE_BYTES}`)
    }
    return await file.readFile('utf8')
  } catch (error) {
    if (error instanceof FoveaError) throw error
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw new FoveaError('file_unreadable', 'input', `${path}: it cannot be read`, { cause: error })
  } finally {
    await file?.close()
  }
}

/** Far above published files; what walks a parsed file by recursion must not run out of stack. */
const MAX_DEPTH = 64

const isNested = (value: unknown): value is object => typeof value === 'object' && value !== null

/** Level by level, without recursion. */
function isDeeperThan(value: unknown, depth: number): boolean {
  let level = [value].filter(isNested)
  for (let reached = 0; level.length > 0; reached++) {
    if (reached === depth) return true
    level = level.flatMap((each) => Object.values(each).filter(isNested))
  }
  return false
}

/**
 * A JSON object from a file, or undefined when there is no file.
 * @throws FoveaError those of `parseModelJson` and `readModelFile`
 */
export async function readModelJson(folder: string, name: string): Promise<Record<string, unknown> | undefined> {
  const text = await readModelFile(folder, name)
  return text === undefined ? undefined : parseModelJson(text, join(folder, name))
}

/** A JSON object from the text of a file; `path` is for messages. Throws FoveaError `file_invalid`. */
export function parseModelJson(text: string, path: string): Record<string, unknown> {
  const invalid = (what: string, cause?: unknown) =>
    new FoveaError('file_invalid', 'input', `${path}: ${what}`, { cause })
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (cause) {
    throw invalid('truncated or not JSON', cause)
  }
  if (isDeeperThan(value, MAX_DEPTH)) throw invalid(`nested deeper than ${MAX_DEPTH} levels`)
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>
  throw invalid('it must hold a JSON object')
}
