/** Images from wherever they are: files, standard input, URLs that need no network, bytes. */
import { open } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { assertOptions, FoveaError, kindOf } from '../errors.ts'
import { DECODE_FORMS, type DecodeLimits, decodeImage } from './decode.ts'
import type { ImageInput, RgbImage } from './image.ts'
import { DEFAULT_MAX_BYTES, RAISES_FILE_LIMIT } from './image-limits.ts'

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
      const advice = `make it smaller${kind === 'image' ? `, or raise the limit (${RAISES_FILE_LIMIT})` : ''}`
      const message = `${name}: the ${kind} file has more than ${maxBytes} bytes, which is the limit: ${advice}`
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

/** The bytes of an image, and what messages call it. */
interface Found {
  readonly name: string
  readonly bytes: Uint8Array
}

const urlError = (name: string, what: string, cause: unknown): FoveaError =>
  new FoveaError('url_invalid', 'input', `${name}: ${what}`, { cause })

/** The path that a `file:` URL names. Throws FoveaError `url_invalid`. */
export function pathOfUrl(url: string): string {
  try {
    return fileURLToPath(url)
  } catch (cause) {
    throw urlError(url, 'this URL names no file of this machine', cause)
  }
}

/** What a `data:` URL holds. Throws FoveaError `url_invalid`. */
export async function readDataUrl(url: string): Promise<Found> {
  const name = `${url.slice(0, 24)}...`
  try {
    return { name, bytes: new Uint8Array(await (await fetch(url)).arrayBuffer()) }
  } catch (cause) {
    throw urlError(name, 'this data URL is damaged', cause)
  }
}

async function readUrl(url: string, maxBytes: number): Promise<Found> {
  const scheme = url.slice(0, url.indexOf(':')).toLowerCase()
  if (scheme === 'file') return { name: url, bytes: await readPath(pathOfUrl(url), maxBytes) }
  if (scheme === 'data') return readDataUrl(url)
  throw new FoveaError(
    'url_unsupported',
    'usage',
    `${url}: images are not fetched from the network; download it and name the file`,
  )
}

async function readText(text: string, maxBytes: number): Promise<Found> {
  if (text === '-') return { name: 'standard input', bytes: await gather('standard input', process.stdin, maxBytes) }
  if (/^(data|file):|^[a-z][a-z0-9+.-]+:\/\//i.test(text)) return readUrl(text, maxBytes)
  return { name: text, bytes: await readPath(text, maxBytes) }
}

async function readInput(input: ImageInput, maxBytes: number): Promise<Found> {
  if (typeof input === 'string') return readText(input, maxBytes)
  if (input instanceof URL) return readUrl(input.href, maxBytes)
  const name = 'the image'
  if (input instanceof Blob) return { name, bytes: await gather(name, input.stream(), maxBytes) }
  if (input instanceof Uint8Array) return { name, bytes: input }
  if (input instanceof ArrayBuffer) return { name, bytes: new Uint8Array(input) }
  const forms = 'a path, a URL, a Buffer, an ArrayBuffer or a Blob'
  throw new FoveaError('image_invalid', 'usage', `readImage: an image is ${forms}, not ${kindOf(input)}`)
}

/**
 * Reads and decodes one image; `-` means standard input.
 * @throws FoveaError kind `input`: `file_missing`, `file_is_directory`, `file_unreadable`, `url_invalid`, and those of
 *   `decodeImage`, each naming the path as given; kind `usage`: `url_unsupported`, `image_invalid`, `option_unknown`,
 *   `option_invalid`
 */
export async function readImage(image: ImageInput, limits: DecodeLimits = {}): Promise<RgbImage> {
  assertOptions('readImage', limits, DECODE_FORMS)
  const { name, bytes } = await readInput(image, limits.maxBytes ?? DEFAULT_MAX_BYTES)
  try {
    return await decodeImage(bytes, limits)
  } catch (error) {
    if (!(error instanceof FoveaError)) throw error
    throw new FoveaError(error.code, error.kind, `${name}: ${error.message}`, { cause: error.cause })
  }
}
