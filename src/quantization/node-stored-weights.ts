import { type FileHandle, open } from 'node:fs/promises'
import { bf16ToF32, f16ToF32 } from '../checkpoints/dtypes.ts'
import type { TableEntry } from '../checkpoints/weight-table.ts'
import { FoveaError } from '../errors.ts'

/** Numbers that are widened at a time: what a core keeps beside it. */
const CHUNK = 2 ** 18

/** Rows of a weight [n, k] from row `from` on, in f32. The array is used again for the next ones. */
export interface WeightRows {
  readonly from: number
  readonly values: Float32Array
}

/** The weights of a checkpoint on disk, read piece by piece. */
export interface StoredWeights {
  readonly entries: ReadonlyMap<string, TableEntry>
  /** Base names of the files, and their paths. */
  readonly files: Readonly<Record<string, string>>
}

/** Numbers of a checkpoint as f32; those of 16 bits are widened into the second array. */
const toFloat: Partial<
  Record<TableEntry['dtype'], (bytes: Uint8Array, into: Float32Array<ArrayBuffer>) => Float32Array>
> = {
  f32: ({ buffer, byteLength }) => new Float32Array(buffer, 0, byteLength / 4),
  f16: ({ buffer, byteLength }, into) => f16ToF32(new Uint16Array(buffer, 0, byteLength / 2), into),
  bf16: ({ buffer, byteLength }, into) => bf16ToF32(new Uint16Array(buffer, 0, byteLength / 2), into),
}

/** Memory that is read into again and again: touching new pages costs more than the numbers in them. */
class Scratch {
  private bytes = new Uint8Array(0)
  private floats = new Float32Array(0)

  bytesFor(length: number): Uint8Array {
    if (this.bytes.length < length) this.bytes = new Uint8Array(length)
    return this.bytes.subarray(0, length)
  }

  floatsFor(length: number): Float32Array<ArrayBuffer> {
    if (this.floats.length < length) this.floats = new Float32Array(length)
    return this.floats.subarray(0, length)
  }
}

/**
 * A weight [n, k] some rows at a time. Throws FoveaError `weights_invalid` for what is no number: rounded to integers it
 * would be one, and nothing would tell.
 */
export async function* readRows(stored: StoredWeights, name: string): AsyncGenerator<WeightRows> {
  const entry = entryOf(stored, name)
  const [n, k] = entry.shape
  const width = entry.byteLength / n
  const rows = Math.max(1, Math.floor(CHUNK / k))
  const scratch = free.pop() ?? new Scratch()
  try {
    for await (const { bytes, offset } of readBytes(stored, entry, rows * width, scratch)) {
      const values = toFloat[entry.dtype]!(bytes, scratch.floatsFor((bytes.length / width) * k))
      assertFinite(values, name)
      yield { from: offset / width, values }
    }
  } finally {
    free[0] = scratch
  }
}

/** What no reading uses at the moment. */
const free: Scratch[] = []

function assertFinite(values: Float32Array, name: string): void {
  const bits = new Int32Array(values.buffer, values.byteOffset, values.length)
  let most = 0
  for (let at = 0; at < bits.length; at++) most = Math.max(most, bits[at] & 0x7fffffff)
  if (most < 0x7f800000) return
  const found = values.find((value) => !Number.isFinite(value))
  const message = `weight "${name}" holds ${found}; the checkpoint is damaged: fetch it again, or take another`
  throw new FoveaError('weights_invalid', 'input', message)
}

/** Up to `count` rows of a weight, evenly from the first to the last: [m, k]. */
export async function sampleRows(stored: StoredWeights, name: string, count: number): Promise<Float32Array> {
  const entry = entryOf(stored, name)
  const [n, k] = entry.shape
  const width = entry.byteLength / n
  const chosen = Math.min(n, count)
  const sampled = new Float32Array(chosen * k)
  const file = await open(stored.files[entry.file])
  try {
    for (let at = 0; at < chosen; at++) {
      const row = chosen === 1 ? 0 : Math.floor((at * (n - 1)) / (chosen - 1))
      const bytes = await readExactly(file, entry, row * width, new Uint8Array(width))
      sampled.set(toFloat[entry.dtype]!(bytes, new Float32Array(k)), at * k)
    }
  } finally {
    await file.close()
  }
  return sampled
}

/** A weight as it is stored; what is yielded is good until the next. */
export async function* readStored(stored: StoredWeights, name: string): AsyncGenerator<Uint8Array> {
  for await (const { bytes } of readBytes(stored, entryOf(stored, name), 4 * CHUNK, new Scratch())) yield bytes
}

async function* readBytes({ files }: StoredWeights, entry: TableEntry, size: number, scratch: Scratch) {
  const file = await open(files[entry.file])
  try {
    for (let offset = 0; offset < entry.byteLength; offset += size) {
      const into = scratch.bytesFor(Math.min(size, entry.byteLength - offset))
      yield { offset, bytes: await readExactly(file, entry, offset, into) }
    }
  } finally {
    await file.close()
  }
}

async function readExactly(file: FileHandle, entry: TableEntry, offset: number, into: Uint8Array): Promise<Uint8Array> {
  const { bytesRead } = await file.read(into, 0, into.length, entry.offset + offset)
  if (bytesRead === into.length) return into
  const message = `${entry.file}: the file changed while it was read; load it again`
  throw new FoveaError('checkpoint_changed', 'input', message)
}

function entryOf({ entries }: StoredWeights, name: string): TableEntry {
  const entry = entries.get(name)
  if (!entry) throw new FoveaError('tensor_missing', 'input', `the checkpoint has no weight "${name}"`)
  return entry
}
