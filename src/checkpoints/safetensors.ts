/** Reading and writing `.safetensors` files. */
import { createHash } from 'node:crypto'
import type { FileHandle } from 'node:fs/promises'
import { FoveaError } from '../errors.ts'
import { writeFileAtomic } from './atomic.ts'
import { type CheckpointDtype, DTYPE_BYTES } from './dtypes.ts'
import { readRange, withFile } from './read-range.ts'
import { headerLength, parseSafetensorsHeader, type SafetensorsHeader } from './safetensors-header.ts'

export { parseSafetensorsHeader, type SafetensorsHeader, type TensorEntry } from './safetensors-header.ts'

export interface SafetensorsFile extends SafetensorsHeader {
  path: string
  /** The bytes of one tensor, in a buffer of their own. */
  read(name: string): Promise<Uint8Array>
}

/** A tensor to be saved: `data` holds its elements in row-major order, little endian. */
export interface TensorData {
  dtype: CheckpointDtype
  shape: readonly number[]
  data: ArrayBufferView
}

async function readHeader(file: FileHandle, path: string): Promise<SafetensorsHeader> {
  const { size } = await file.stat()
  const start = await readRange(file, 0, Math.min(size, 256))
  const length = headerLength(start, size, path)
  return parseSafetensorsHeader(await readRange(file, 0, 8 + length), size, path)
}

/**
 * Opens a file and checks its header completely; tensor bytes are read on demand.
 * @throws FoveaError kind `input`: `checkpoint_invalid`, `file_missing`, `file_is_directory`, `file_unreadable`;
 *   `read` adds `tensor_missing` and, when the file shrank meanwhile, `checkpoint_changed`
 */
export async function openSafetensors(path: string): Promise<SafetensorsFile> {
  const header = await withFile(path, (file) => readHeader(file, path))
  async function read(name: string): Promise<Uint8Array> {
    const entry = header.tensors.get(name)
    if (!entry) throw new FoveaError('tensor_missing', 'input', `${path}: there is no tensor "${name}"`)
    const bytes = await withFile(path, (file) => readRange(file, entry.offset, entry.byteLength))
    if (bytes.length === entry.byteLength) return bytes
    const found = `tensor "${name}" has ${bytes.length} of its ${entry.byteLength} bytes`
    throw new FoveaError('checkpoint_changed', 'input', `${path}: the file changed while it was read; ${found}`)
  }
  return { ...header, path, read }
}

function checkTensor(
  name: string,
  { dtype, shape, data }: TensorHead & { readonly data: { readonly byteLength: number } },
): void {
  if (name === '__metadata__')
    throw new FoveaError('tensor_name_reserved', 'usage', 'no tensor may be named __metadata__')
  const needed = bytesOf({ dtype, shape })
  if (needed === data.byteLength) return
  const message = `tensor "${name}": shape [${shape}] of ${dtype} needs ${needed} bytes, but ${data.byteLength} were given`
  throw new FoveaError('tensor_size_mismatch', 'input', message)
}

/** As much of a tensor as the header says. */
type TensorHead = Pick<TensorData, 'dtype' | 'shape'>

const bytesOf = ({ dtype, shape }: TensorHead): number =>
  shape.reduce((product, size) => product * size, DTYPE_BYTES[dtype])

/** Wide dtypes first, then by name: with a header padded to 8 bytes every tensor is aligned to its element size. */
function inFileOrder<T extends TensorHead>(tensors: ReadonlyMap<string, T>): [string, T][] {
  const size = ([, tensor]: [string, T]) => DTYPE_BYTES[tensor.dtype]
  return [...tensors].sort((a, b) => size(b) - size(a) || (a[0] < b[0] ? -1 : 1))
}

function encodeHeader(tensors: [string, TensorHead][], metadata: Record<string, string>): Uint8Array {
  const entries: [string, unknown][] = []
  const notes = Object.entries(metadata).sort(([a], [b]) => (a < b ? -1 : 1))
  if (notes.length) entries.push(['__metadata__', Object.fromEntries(notes)])
  let end = 0
  for (const [name, tensor] of tensors) {
    const begin = end
    end += bytesOf(tensor)
    entries.push([name, { dtype: tensor.dtype, shape: tensor.shape, data_offsets: [begin, end] }])
  }
  const json = new TextEncoder().encode(JSON.stringify(Object.fromEntries(entries)))
  const padded = Math.ceil(json.length / 8) * 8
  const bytes = new Uint8Array(8 + padded).fill(0x20)
  new DataView(bytes.buffer).setBigUint64(0, BigInt(padded), true)
  bytes.set(json, 8)
  return bytes
}

/**
 * Writes a safetensors file atomically; equal content gives equal bytes. Returns their SHA-256.
 * @throws FoveaError `tensor_size_mismatch`, and those of `writeFileAtomic`
 */
export async function saveSafetensors(
  path: string,
  tensors: ReadonlyMap<string, TensorData>,
  metadata: Record<string, string> = {},
): Promise<string> {
  for (const [name, tensor] of tensors) checkTensor(name, tensor)
  const ordered = inFileOrder(tensors)
  const bodies = ordered.map(([, { data }]) => new Uint8Array(data.buffer, data.byteOffset, data.byteLength))
  const parts = [encodeHeader(ordered, metadata), ...bodies]
  await writeFileAtomic(path, parts)
  const hash = createHash('sha256')
  for (const part of parts) hash.update(part)
  return hash.digest('hex')
}

/** A tensor whose bytes are made when their turn comes, so that a file larger than memory can be written. */
export interface TensorStream extends TensorHead {
  chunks(): AsyncIterable<Uint8Array>
}

/**
 * The bytes of a safetensors file, piece by piece: what `writeFileAtomic` takes.
 * @param order `as given`: tensors that are made together lie together, and whoever gives them aligns them
 * @throws FoveaError `tensor_size_mismatch` for a tensor that gave more or fewer bytes than its shape needs
 */
export async function* safetensorsStream(
  tensors: ReadonlyMap<string, TensorStream>,
  metadata: Record<string, string> = {},
  order: 'by size' | 'as given' = 'by size',
): AsyncGenerator<Uint8Array> {
  const ordered = order === 'as given' ? [...tensors] : inFileOrder(tensors)
  yield encodeHeader(ordered, metadata)
  for (const [name, tensor] of ordered) {
    let given = 0
    for await (const chunk of tensor.chunks()) {
      given += chunk.byteLength
      yield chunk
    }
    checkTensor(name, { ...tensor, data: { byteLength: given } })
  }
}
