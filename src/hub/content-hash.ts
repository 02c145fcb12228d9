/** The hashes that the hub names contents by: SHA-256 for large files, git's SHA-1 for small ones. */
import { createHash, type Hash } from 'node:crypto'
import { open } from 'node:fs/promises'

/** Whether a name of a blob is one of these hashes. */
export const isContentHash = (etag: string): boolean => /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/.test(etag)

/** The hash of `size` bytes that `etag` names; feed it the bytes and compare `digest('hex')`. */
export function contentHash(etag: string, size: number): Hash {
  return etag.length === 64 ? createHash('sha256') : createHash('sha1').update(`blob ${size}\0`)
}

const CHUNK = 2 ** 20

/** Feeds a hash the first `length` bytes of a file, through one buffer: a stream would leave a file's worth of them. */
export async function hashFile(hash: Hash, path: string, length: number, signal?: AbortSignal): Promise<void> {
  if (length === 0) return
  const file = await open(path)
  try {
    const buffer = new Uint8Array(Math.min(CHUNK, length))
    for (let at = 0; at < length; ) {
      signal?.throwIfAborted()
      const { bytesRead } = await file.read(buffer, 0, Math.min(buffer.length, length - at), at)
      if (bytesRead === 0) return
      hash.update(buffer.subarray(0, bytesRead))
      at += bytesRead
    }
  } finally {
    await file.close()
  }
}

/** Whether a file of `size` bytes holds what `etag` names. */
export async function hasContent(path: string, etag: string, size: number, signal?: AbortSignal): Promise<boolean> {
  const hash = contentHash(etag, size)
  await hashFile(hash, path, size, signal)
  return hash.digest('hex') === etag
}
