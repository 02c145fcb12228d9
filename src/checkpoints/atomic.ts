/** Files that are either the old version or the new one, never a part, whatever moment the process dies at. */
import { randomBytes } from 'node:crypto'
import { type FileHandle, open, rename, rm } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { FoveaError } from '../errors.ts'

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

async function writeTemporary(path: string, parts: Parts): Promise<void> {
  const file = await open(path, 'wx')
  try {
    for await (const part of parts) await writeAll(file, part)
    await file.sync()
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
 * Writes `bytes` (or parts, one after another) to a temporary file beside `path`, flushes it to disk and renames it.
 * @throws FoveaError kind `resource`: `disk_full`, `write_failed`; the old file, if any, is then untouched
 */
export async function writeFileAtomic(path: string, bytes: Uint8Array | Parts): Promise<void> {
  const parts = bytes instanceof Uint8Array ? [bytes] : bytes
  const temporary = join(dirname(path), `.${basename(path)}.${randomBytes(6).toString('hex')}.tmp`)
  try {
    await writeTemporary(temporary, parts)
    await rename(temporary, path)
    await syncFolder(dirname(path))
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => undefined) // the first error is the one to report
    throw error instanceof FoveaError ? error : writeError(path, error as NodeJS.ErrnoException)
  }
}
