/**
 * The head of a GGUF file: magic and version, counts, metadata, the table of tensors; all little endian.
 * Layout: github.com/ggml-org/ggml, docs/gguf.md. Counts and lengths are held against the bytes that are there before
 * anything of their size is made.
 */
import { FoveaError } from '../errors.ts'
import { GGUF_FORMS } from './gguf-types.ts'
import { mistakenContent, quoteName } from './safetensors-header.ts'

/** Whole numbers from 2^53 are bigints. */
export type GgufValue = number | bigint | string | boolean | readonly GgufValue[]

export interface GgufTensor {
  /** F32, F16, Q8_0, ... */
  readonly form: string
  /** Outermost first, as everywhere here; the file has them innermost first. */
  readonly shape: readonly number[]
  /** Absolute position in the file. */
  readonly offset: number
  readonly byteLength: number
}

export interface GgufHeader {
  readonly metadata: ReadonlyMap<string, GgufValue>
  readonly tensors: ReadonlyMap<string, GgufTensor>
}

/** The bytes given end before the head does. */
export class HeadTooShort extends Error {}

const VERSIONS = [2, 3]
const MAX_DIMENSIONS = 4
const MAX_LIST_DEPTH = 4
/** Far above the merges of the largest vocabularies. */
const MAX_LIST = 2 ** 22
const DEFAULT_ALIGNMENT = 32
const STRING = 8
const LIST = 9

/** Bytes in order; asking for more than there are throws. */
class Cursor {
  at = 0
  private readonly view: DataView
  private readonly text = new TextDecoder()

  constructor(private readonly bytes: Uint8Array) {
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  }

  private step(bytes: number): number {
    const start = this.at
    if (bytes > this.bytes.length - start) throw new HeadTooShort()
    this.at += bytes
    return start
  }

  u8 = (): number => this.view.getUint8(this.step(1))
  i8 = (): number => this.view.getInt8(this.step(1))
  u16 = (): number => this.view.getUint16(this.step(2), true)
  i16 = (): number => this.view.getInt16(this.step(2), true)
  u32 = (): number => this.view.getUint32(this.step(4), true)
  i32 = (): number => this.view.getInt32(this.step(4), true)
  f32 = (): number => this.view.getFloat32(this.step(4), true)
  f64 = (): number => this.view.getFloat64(this.step(8), true)
  u64 = (): number | bigint => safe(this.view.getBigUint64(this.step(8), true))
  i64 = (): number | bigint => safe(this.view.getBigInt64(this.step(8), true))

  /** A number of things of at least `least` bytes each. */
  count(least: number): number {
    const count = Number(this.u64())
    if (count * least > this.bytes.length - this.at) throw new HeadTooShort()
    return count
  }

  string(): string {
    const length = this.count(1)
    const start = this.step(length)
    return this.text.decode(this.bytes.subarray(start, start + length))
  }
}

const safe = (value: bigint): number | bigint => (Number.isSafeInteger(Number(value)) ? Number(value) : value)

const SCALARS: Readonly<Record<number, (from: Cursor) => GgufValue>> = {
  0: (from) => from.u8(),
  1: (from) => from.i8(),
  2: (from) => from.u16(),
  3: (from) => from.i16(),
  4: (from) => from.u32(),
  5: (from) => from.i32(),
  6: (from) => from.f32(),
  7: (from) => from.u8() !== 0,
  [STRING]: (from) => from.string(),
  10: (from) => from.u64(),
  11: (from) => from.i64(),
  12: (from) => from.f64(),
}

function readValue(from: Cursor, type: number, depth = 0): GgufValue {
  if (type !== LIST) {
    if (!Object.hasOwn(SCALARS, type)) throw new Error(`a value of unknown type ${type}`)
    return SCALARS[type](from)
  }
  if (depth === MAX_LIST_DEPTH) throw new Error(`lists nested deeper than ${MAX_LIST_DEPTH}`)
  const element = from.u32()
  const count = from.count(element === STRING || element === LIST ? 8 : 1)
  if (count > MAX_LIST) throw new Error(`a list of ${count} values; at most ${MAX_LIST} are read`)
  const list: GgufValue[] = []
  for (let i = 0; i < count; i++) list.push(readValue(from, element, depth + 1))
  return list
}

/** `count` entries by name; a name that comes twice is refused. */
function readTable<T>(from: Cursor, count: number, what: string, read: () => T): Map<string, T> {
  const table = new Map<string, T>()
  for (let i = 0; i < count; i++) {
    const name = from.string()
    if (table.has(name)) throw new Error(`the ${what} ${quoteName(name)} comes twice`)
    try {
      table.set(name, read())
    } catch (error) {
      if (error instanceof HeadTooShort) throw error
      throw new Error(`the ${what} ${quoteName(name)}: ${(error as Error).message}`)
    }
  }
  return table
}

/** What the table says; `offset` counts from the data. */
function readTensor(from: Cursor): GgufTensor {
  const dimensions = from.u32()
  if (dimensions > MAX_DIMENSIONS) throw new Error(`${dimensions} dimensions; at most ${MAX_DIMENSIONS} are read`)
  const sizes = Array.from({ length: dimensions }, () => Number(from.u64()))
  const type = from.u32()
  const form = GGUF_FORMS.get(type)
  if (!form) throw new Error(`its values are of form ${type}, which is not read`)
  const count = sizes.reduce((product, size) => product * size, 1)
  if (!Number.isSafeInteger(count)) throw new Error(`its shape [${sizes}] is too large`)
  if ((sizes[0] ?? 1) % form.values !== 0)
    throw new Error(`its rows of ${sizes[0]} values are no whole blocks of ${form.name}, which hold ${form.values}`)
  const byteLength = (count / form.values) * form.bytes
  return { form: form.name, shape: sizes.reverse(), offset: Number(from.u64()), byteLength }
}

/** Moved to where the data begins, and held against the end of the file and against each other. */
function placed(tensors: ReadonlyMap<string, GgufTensor>, begin: number, alignment: number, fileSize: number) {
  const found = [...tensors].map(([name, tensor]) => [name, { ...tensor, offset: begin + tensor.offset }] as const)
  let [end, previous] = [begin, 'the head']
  for (const [name, { offset, byteLength }] of found.toSorted(([, a], [, b]) => a.offset - b.offset)) {
    const range = `bytes ${offset} to ${offset + byteLength}`
    const fail = (what: string) => new Error(`the tensor ${quoteName(name)} (${range}) ${what}`)
    if ((offset - begin) % alignment !== 0) throw fail(`does not begin at a multiple of ${alignment}`)
    if (offset < end) throw fail(`overlaps ${previous}, which ends at ${end}`)
    if (offset + byteLength > fileSize) throw fail(`lies outside the file, which holds ${fileSize} bytes`)
    end = offset + byteLength
    previous = `the tensor ${quoteName(name)}`
  }
  return new Map(found)
}

function alignmentOf(metadata: ReadonlyMap<string, GgufValue>): number {
  const alignment = metadata.get('general.alignment') ?? DEFAULT_ALIGNMENT
  if (typeof alignment === 'number' && alignment > 0 && alignment % 8 === 0) return alignment
  throw new Error(`general.alignment is ${String(alignment).slice(0, 40)}; it must be a multiple of 8`)
}

function checkStart(from: Cursor, bytes: Uint8Array): void {
  const mistaken = mistakenContent(bytes)
  if (mistaken) throw new Error(mistaken)
  const start = Buffer.from(bytes.subarray(0, 4))
  if (start.length === 4 && start.toString('latin1') !== 'GGUF')
    throw new Error(`not a GGUF file (it starts with the bytes ${start.toString('hex')})`)
  from.u32()
  const version = from.u32()
  if (!VERSIONS.includes(version)) throw new Error(`GGUF of version ${version}; ${VERSIONS.join(' and ')} are read`)
}

/**
 * Reads and checks a whole head.
 * @param bytes the file from its start, at least up to the end of the head
 * @param fileSize true size of the file
 * @param file its name, for messages
 * @throws FoveaError `checkpoint_invalid`; `HeadTooShort` where `bytes` are not all of the file and more of it is needed
 */
export function parseGgufHeader(bytes: Uint8Array, fileSize: number, file = 'GGUF'): GgufHeader {
  const from = new Cursor(bytes)
  try {
    checkStart(from, bytes)
    const [tensorCount, entryCount] = [from.count(24), from.count(13)]
    const metadata = readTable(from, entryCount, 'key', () => readValue(from, from.u32()))
    const tensors = readTable(from, tensorCount, 'tensor', () => readTensor(from))
    const alignment = alignmentOf(metadata)
    const begin = Math.ceil(from.at / alignment) * alignment
    return { metadata, tensors: placed(tensors, begin, alignment, fileSize) }
  } catch (error) {
    const isShort = error instanceof HeadTooShort
    if (isShort && bytes.length < fileSize) throw error
    const problem = isShort ? 'it is truncated: its head goes on behind its end' : (error as Error).message
    throw new FoveaError('checkpoint_invalid', 'input', `${file}: ${problem}`)
  }
}
