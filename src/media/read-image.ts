/** Images from a path or from standard input. */
import { open } from 'node:fs/promises'
import { FoveaError } from '../errors.ts'
import { DEFAULT_MAX_BYTES, type DecodeLimits, decodeImage } from './decode.ts'
import type { RgbImage } from './image.ts'

/** What is wrong with a path, by the error of the file system. */
export function fileError(path: string, cause: NodeJS.ErrnoException): FoveaError {
  const known: Record<string, [code: string, what: string]> = {
    ENOENT: ['file_missing', 'no such file'],
    ENOTDIR: ['file_missing', 'no such file'],
    EISDIR: ['file_is_directory', 'this is a directory; name a file inside it'],
    EACCES: ['file_unreadable', 'no permission to read it'],
    EPERM: ['file_unreadable', 'no permission to read it'],
  }
  const [code, what] = known[cause.code ?? ''] ?? ['file_unreadable', 'it cannot be read']
  return new FoveaError(code, 'input', `${path}: ${what}`, { cause })
}

/** Gathers a stream of unknown length, giving up as soon as it is longer than a file of its kind may be. */
export async function gather(
  name: string,
  stream: AsyncIterable<Uint8Array>,
  maxBytes: number,
  kind: 'image' | 'video' = 'image',
): Promise<Uint8Array> {
  const chunks: Uint8Array[] = []
  let length = 0
  for await (const chunk of stream) {
    length += chunk.length
    if (length > maxBytes) {
      const message = `${name}: the ${kind} file has more than ${maxBytes} bytes, which is the limit: make it smaller`
      throw new FoveaError(`${kind}_too_large`, 'input', message)
    }
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

async function readPath(path: string, maxBytes: number): Promise<Uint8Array> {
  try {
    const file = await open(path)
    // A stream, because devices and pipes state no size.
    return await gather(path, file.createReadStream(), maxBytes)
  } catch (error) {
    throw error instanceof FoveaError ? error : fileError(path, error as NodeJS.ErrnoException)
  }
}

/**
 * Reads and decodes one image; `-` means standard input.
 * @throws FoveaError kind `input`: `file_missing`, `file_is_directory`, `file_unreadable`, and those of `decodeImage`,
 *   each naming the path as given
 */
export async function readImage(path: string, limits: DecodeLimits = {}): Promise<RgbImage> {
  const maxBytes = limits.maxBytes ?? DEFAULT_MAX_BYTES
  const name = path === '-' ? 'standard input' : path
  const bytes = path === '-' ? await gather(name, process.stdin, maxBytes) : await readPath(path, maxBytes)
  try {
    return await decodeImage(bytes, limits)
  } catch (error) {
    if (!(error instanceof FoveaError)) throw error
    throw new FoveaError(error.code, error.kind, `${name}: ${error.message}`, { cause: error.cause })
  }
}
