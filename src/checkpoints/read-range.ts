/** Parts of files of weights. */
import { type FileHandle, open } from 'node:fs/promises'
import { FoveaError } from '../errors.ts'

function openError(path: string, cause: NodeJS.ErrnoException): FoveaError {
  if (cause.code === 'ENOENT' || cause.code === 'ENOTDIR') {
    return new FoveaError('file_missing', 'input', `${path}: no such file`, { cause })
  }
  if (cause.code === 'EISDIR') {
    return new FoveaError('file_is_directory', 'input', `${path}: this is a directory`, { cause })
  }
  return new FoveaError('file_unreadable', 'input', `${path}: it cannot be read`, { cause })
}

/** Exactly `length` bytes from `position`, or as many as the file has. */
export async function readRange(file: FileHandle, position: number, length: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(length)
  let at = 0
  while (at < length) {
    const { bytesRead } = await file.read(bytes, at, Math.min(length - at, 2 ** 30), position + at)
    if (bytesRead === 0) break
    at += bytesRead
  }
  return bytes.subarray(0, at)
}

/**
 * Opens a file for as long as `use` takes.
 * @throws FoveaError kind `input`: `file_missing`, `file_is_directory`, `file_unreadable`
 */
export async function withFile<T>(path: string, use: (file: FileHandle) => Promise<T>): Promise<T> {
  let file: FileHandle | undefined
  try {
    file = await open(path)
    return await use(file)
  } catch (error) {
    throw error instanceof FoveaError ? error : openError(path, error as NodeJS.ErrnoException)
  } finally {
    await file?.close()
  }
}
