/** Files that are either the old version or the new one, never a part, whatever moment the process dies at. */
import { type FileHandle, lstat, open, rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { FoveaError } from '../errors.ts'
import { temporaryPath } from './leftovers.ts'

async function writeAll(file: FileHandle, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length; ) {
    const { bytesWritten } = await file.write(bytes, at, Math.min(bytes.length - at, 2 ** 30))
    at += bytesWritten
  }
}

type Parts = Iterable<Uint8Array> | AsyncIterable<Uint8Array>

/** Makes the rename itself durable. */
async function syncFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return // a folder cannot be opened there
  const handle = await open(folder)
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

async function writeTemporary(path: string, parts: Parts, isDurable: boolean): Promise<void> {
  const file = await open(path, 'wx')
  try {
    for await (const part of parts) await writeAll(file, part)
    if (isDurable) await file.sync()
  } finally {
    await file.close()
  }
}

function writeError(path: string, cause: NodeJS.ErrnoException): FoveaError {
  if (cause.code === 'ENOSPC' || cause.code === 'EDQUOT') {
    return new FoveaError('disk_full', 'resource', `${path}: the disk is full; nothing was changed`, { cause })
  }
  const reasons: Record<string, string> = {
    ENOENT: 'its folder does not exist',
    ENOTDIR: 'its folder does not exist',
    EACCES: 'no permission to write there',
    EPERM: 'no permission to write there',
    EROFS: 'the disk is read-only',
    EISDIR: 'a folder has this name',
  }
  const reason = reasons[cause.code ?? ''] ?? 'the write failed'
  return new FoveaError('write_failed', 'resource', `${path}: ${reason}; nothing was changed`, { cause })
}

/**
 * Refuses a path under which something lies that is no regular file: it would be lost.
 * @throws FoveaError kind `usage` `output_taken`
 */
export async function assertReplaceable(path: string): Promise<void> {
  const found = await lstat(path).catch(() => undefined)
  if (!found || found.isFile() || found.isDirectory()) return // of a folder the rename says it
  const what = found.isSymbolicLink() ? 'a link' : found.isFIFO() ? 'a pipe' : 'a device or a socket'
  throw new FoveaError('output_taken', 'usage', `${path}: ${what} has this name; write to a new file`)
}

/**
 * Writes `bytes` (or parts, one after another) to a temporary file beside `path`, flushes it to disk and renames it.
 * @param isDurable whether it must outlive a power cut, too; flushing is slow where many files are written
 * @throws FoveaError kind `resource`: `disk_full`, `write_failed`; kind `usage`: `output_taken`; what was there before, if
 *   anything, is then untouched
 */
export async function writeFileAtomic(path: string, bytes: Uint8Array | Parts, isDurable = true): Promise<void> {
  const parts = bytes instanceof Uint8Array ? [bytes] : bytes
  await assertReplaceable(path)
  const temporary = temporaryPath(path)
  try {
    await writeTemporary(temporary, parts, isDurable)
    await rename(temporary, path)
    if (isDurable) await syncFolder(dirname(path))
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => undefined) // the first error is the one to report
    throw error instanceof FoveaError ? error : writeError(path, error as NodeJS.ErrnoException)
  }
}
