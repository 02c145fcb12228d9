/** GGUF files. Layout: github.com/ggml-org/ggml, docs/gguf.md. */
import { type FileHandle, open, rename, stat } from 'node:fs/promises'
import { fillRandom } from './random-weights.ts'
import type { GgufType, TensorInfo } from './tensor-info.ts'

/** Type number, values per block, bytes per block. */
const types: Record<GgufType, readonly [id: number, values: number, bytes: number]> = {
  F32: [0, 1, 4],
  F16: [1, 1, 2],
  Q4_0: [2, 32, 18],
  Q8_0: [8, 32, 34],
}

/** What `general.file_type` calls a file whose matrices are mostly of a type. */
export const fileTypes: Record<GgufType, number> = { F32: 0, F16: 1, Q4_0: 2, Q8_0: 7 }
export const ALIGNMENT = 32

/** A matrix of the type, or of 16-bit floats where its rows are not whole blocks: what llama.cpp's quantizer does. */
export function matrix(name: string, from: number, to: number, type: GgufType): TensorInfo {
  const whole = from % types[type][1] === 0
  return { name: `${name}.weight`, shape: [from, to], type: whole ? type : 'F16' }
}

export const vector = (name: string, width: number): TensorInfo => ({ name, shape: [width], type: 'F32' })

const scalars = { u32: 4, i32: 5, f32: 6, bool: 7, text: 8 } as const
const ARRAY = 9

type ScalarType = keyof typeof scalars
type Scalar = number | string | boolean

/** A key, the type of its value or values, and these. */
export type Entry = readonly [key: string, type: ScalarType, value: Scalar | readonly Scalar[]]

/** Writes a file of random weights unless it is there. */
export async function writeGguf(
  path: string,
  entries: readonly Entry[],
  tensors: readonly TensorInfo[],
): Promise<void> {
  if (await stat(path).catch(() => undefined)) return
  const file = await open(`${path}.part`, 'w')
  try {
    await file.write(header(entries, tensors))
    for (const [at, tensor] of tensors.entries()) await writeTensor(file, tensor, at)
  } finally {
    await file.close()
  }
  await rename(`${path}.part`, path)
}

async function writeTensor(file: FileHandle, tensor: TensorInfo, seed: number): Promise<void> {
  const size = byteSize(tensor)
  const bytes = Buffer.alloc(padded(size))
  fillRandom(bytes.subarray(0, size), tensor, seed)
  await file.write(bytes)
}

const padded = (bytes: number): number => Math.ceil(bytes / ALIGNMENT) * ALIGNMENT

function byteSize({ shape, type }: TensorInfo): number {
  const [, values, bytes] = types[type]
  return (shape.reduce((a, b) => a * b, 1) / values) * bytes
}

/** Everything before the weights: magic, version, counts, entries, where each tensor lies. */
export function header(entries: readonly Entry[], tensors: readonly TensorInfo[]): Buffer {
  const w = new Writer()
  w.add(Buffer.from('GGUF')).u32(3).u64(tensors.length).u64(entries.length)
  for (const entry of entries) writeEntry(w, entry)
  let offset = 0
  for (const tensor of tensors) {
    w.text(tensor.name).u32(tensor.shape.length)
    for (const size of tensor.shape) w.u64(size)
    w.u32(types[tensor.type][0]).u64(offset)
    offset += padded(byteSize(tensor))
  }
  const bytes = Buffer.concat(w.parts)
  return Buffer.concat([bytes, Buffer.alloc(padded(bytes.length) - bytes.length)])
}

function writeEntry(w: Writer, [key, type, value]: Entry): void {
  w.text(key)
  if (!Array.isArray(value)) {
    w.u32(scalars[type]).scalar(type, value as Scalar)
    return
  }
  w.u32(ARRAY).u32(scalars[type]).u64(value.length)
  for (const each of value) w.scalar(type, each)
}

class Writer {
  readonly parts: Buffer[] = []
  u32(value: number): this {
    const bytes = Buffer.alloc(4)
    bytes.writeUInt32LE(value)
    return this.add(bytes)
  }
  u64(value: number): this {
    const bytes = Buffer.alloc(8)
    bytes.writeBigUInt64LE(BigInt(value))
    return this.add(bytes)
  }
  f32(value: number): this {
    const bytes = Buffer.alloc(4)
    bytes.writeFloatLE(value)
    return this.add(bytes)
  }
  text(value: string): this {
    return this.u64(Buffer.byteLength(value)).add(Buffer.from(value))
  }
  scalar(type: ScalarType, value: Scalar): this {
    if (type === 'text') return this.text(value as string)
    if (type === 'f32') return this.f32(value as number)
    if (type === 'bool') return this.add(Buffer.from([Number(value)]))
    return this.u32((value as number) >>> 0)
  }
  add(bytes: Buffer): this {
    this.parts.push(bytes)
    return this
  }
}
