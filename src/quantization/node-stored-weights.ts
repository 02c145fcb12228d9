import { type FileHandle, open } from 'node:fs/promises'
import { bf16ToF32, f16ToF32 } from '../checkpoints/dtypes.ts'
import type { TableEntry } from '../checkpoints/weight-table.ts'
import { FoveaError } from '../errors.ts'

/** Numbers that are widened at a time. */
const CHUNK = 2 ** 22

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

const toFloat: Partial<Record<TableEntry['dtype'], (bytes: ArrayBuffer) => Float32Array>> = {
  f32: (bytes) => new Float32Array(bytes),
  f16: (bytes) => f16ToF32(new Uint16Array(bytes)),
  bf16: (bytes) => bf16ToF32(new Uint16Array(bytes)),
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
  for await (const { bytes, offset } of readBytes(stored, entry, rows * width)) {
    const values = toFloat[entry.dtype]!(bytes.buffer as ArrayBuffer)
    assertFinite(values, name)
    yield { from: offset / width, values }
  }
}

function assertFinite(values: Float32Array, name: string): void {
  for (let at = 0; at < values.length; at++)
    if (!Number.isFinite(values[at])) {
      const message = `weight "${name}" holds ${values[at]}; the checkpoint is damaged: fetch it again, or take another`
      throw new FoveaError('weights_invalid', 'input', message)
    }
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
      const bytes = await readExactly(file, entry, { offset: row * width, length: width })
      sampled.set(toFloat[entry.dtype]!(bytes.buffer as ArrayBuffer), at * k)
    }
  } finally {
    await file.close()
  }
  return sampled
}

/** A weight as it is stored. */
export async function* readStored(stored: StoredWeights, name: string): AsyncGenerator<Uint8Array> {
  for await (const { bytes } of readBytes(stored, entryOf(stored, name), CHUNK)) yield bytes
}

async function* readBytes({ files }: StoredWeights, entry: TableEntry, size: number) {
  const file = await open(files[entry.file])
  try {
    for (let offset = 0; offset < entry.byteLength; offset += size) {
      const length = Math.min(size, entry.byteLength - offset)
      yield { offset, bytes: await readExactly(file, entry, { offset, length }) }
    }
  } finally {
    await file.close()
  }
}

async function readExactly(
  file: FileHandle,
  entry: TableEntry,
  { offset, length }: { offset: number; length: number },
): Promise<Uint8Array> {
  const bytes = new Uint8Array(length)
  const { bytesRead } = await file.read(bytes, 0, length, entry.offset + offset)
  if (bytesRead === length) return bytes
  throw new FoveaError(
    'checkpoint_changed',
    'input',
    `${entry.file}: the file changed while it was read; load it again`,
  )
}

function entryOf({ entries }: StoredWeights, name: string): TableEntry {
  const entry = entries.get(name)
  if (!entry) throw new FoveaError('tensor_missing', 'input', `the checkpoint has no weight "${name}"`)
  return entry
}
