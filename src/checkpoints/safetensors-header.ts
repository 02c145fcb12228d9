/**
 * The header of a safetensors file: 8 bytes of length (little endian), that many bytes of JSON
 * `{name: {dtype, shape, data_offsets: [begin, end]}}`, then the tensors' bytes without gaps.
 * Every claim is checked against the true file size before anything of that size is allocated.
 */
import { FoveaError } from '../errors.ts'
import { type CheckpointDtype, DTYPE_BYTES, isCheckpointDtype } from './dtypes.ts'
import { OddNumber, parseStrictJson, type StrictJson } from './strict-json.ts'

export interface TensorEntry {
  dtype: CheckpointDtype
  shape: number[]
  /** Absolute position in the file. */
  offset: number
  byteLength: number
}

export interface SafetensorsHeader {
  /** In the order of their bytes in the file. */
  tensors: Map<string, TensorEntry>
  metadata: Map<string, string>
}

/** Headers of the largest published models stay far below; the format's reference reader uses the same cap. */
export const MAX_HEADER_BYTES = 100_000_000

function invalid(file: string, message: string): FoveaError {
  return new FoveaError('checkpoint_invalid', 'input', `${file}: ${message}`)
}

/** What people save by accident instead of weights, told by the first bytes; undefined for all else. */
export function mistakenContent(start: Uint8Array): string | undefined {
  const text = new TextDecoder('latin1').decode(start.subarray(0, 256)).trimStart().toLowerCase()
  if (text.startsWith('version https://git-lfs')) {
    return 'this is a Git LFS pointer, not the weights; run `git lfs pull` or download the file again'
  }
  if (/^<(!doctype html|html|head|\?xml|!--)/.test(text)) {
    return 'this is a web page, not the weights; download the file again'
  }
  return undefined
}

/** A name from a file, fit for one line of a message. */
export function quoteName(name: string): string {
  return JSON.stringify(name.length > 120 ? `${name.slice(0, 120)}…` : name)
}

function notSafetensors(file: string, start: Uint8Array): FoveaError {
  const bytes = Buffer.from(start.subarray(0, 8)).toString('hex')
  const found = start.length === 0 ? 'it is empty' : `it starts with the bytes ${bytes}`
  return invalid(file, `not a safetensors file (${found})`)
}

/**
 * Length of the JSON header, from the first bytes of a file (give at least 9, better 256).
 * @throws FoveaError `checkpoint_invalid`
 */
export function headerLength(start: Uint8Array, fileSize: number, file = 'safetensors'): number {
  const mistaken = mistakenContent(start)
  if (mistaken) throw invalid(file, mistaken)
  if (fileSize < 10 || start.length < 9 || start[8] !== 0x7b) throw notSafetensors(file, start)
  const length = new DataView(start.buffer, start.byteOffset).getBigUint64(0, true)
  if (length > BigInt(fileSize - 8)) {
    throw invalid(
      file,
      `its header claims ${length} bytes, but only ${fileSize - 8} follow; the file is truncated or damaged`,
    )
  }
  if (length > BigInt(MAX_HEADER_BYTES)) {
    throw invalid(file, `its header claims ${length} bytes; the limit is ${MAX_HEADER_BYTES}`)
  }
  return Number(length)
}

function show(value: StrictJson | undefined): string {
  if (value instanceof OddNumber) return value.text.slice(0, 40)
  if (value instanceof Map) return 'an object'
  return value === undefined ? 'nothing' : (JSON.stringify(value)?.slice(0, 80) ?? 'nothing')
}

/** Where the tensor data begins and how much there is. */
interface DataSpan {
  begin: number
  length: number
}

function wholeNumbers(value: StrictJson | undefined, what: string): number[] {
  if (!Array.isArray(value)) throw new Error(`${what} must be a list, found ${show(value)}`)
  for (const item of value) {
    if (typeof item !== 'number') throw new Error(`${what} holds ${show(item)}, which is not a whole number below 2^53`)
  }
  return value as number[]
}

const MAX_DIMENSIONS = 32

/** Checks one header entry; errors are plain, without file and tensor name. */
function readEntry(value: StrictJson, data: DataSpan): TensorEntry {
  if (!(value instanceof Map)) throw new Error(`its entry must be an object, found ${show(value)}`)
  const dtype = value.get('dtype')
  if (typeof dtype !== 'string' || !isCheckpointDtype(dtype)) throw new Error(`unknown dtype ${show(dtype)}`)
  const shape = wholeNumbers(value.get('shape'), 'shape')
  if (shape.length > MAX_DIMENSIONS)
    throw new Error(`shape has ${shape.length} dimensions; the limit is ${MAX_DIMENSIONS}`)
  const offsets = wholeNumbers(value.get('data_offsets'), 'data_offsets')
  const [begin, end] = offsets
  if (offsets.length !== 2 || begin > end) {
    throw new Error(`data_offsets must be [begin, end], found [${offsets.slice(0, 4)}]`)
  }
  const needed = shape.reduce((product, size) => product * BigInt(size), BigInt(DTYPE_BYTES[dtype]))
  if (needed !== BigInt(end - begin)) {
    throw new Error(
      `shape [${shape}] of ${dtype} needs ${needed} bytes, but data_offsets [${offsets}] hold ${end - begin}`,
    )
  }
  if (end > data.length) {
    throw new Error(`bytes ${begin} to ${end} lie outside the file, which holds ${data.length} bytes of data`)
  }
  return { dtype, shape, offset: data.begin + begin, byteLength: end - begin }
}

function readMetadata(file: string, value: StrictJson | undefined): Map<string, string> {
  if (value === undefined) return new Map()
  if (value instanceof Map && [...value.values()].every((item) => typeof item === 'string')) {
    return value as Map<string, string>
  }
  throw invalid(file, '__metadata__ must map names to strings')
}

/** Tensors must cover the data exactly: no byte shared, none left over where something could hide. */
function checkCoverage(file: string, tensors: Map<string, TensorEntry>, data: DataSpan): void {
  let end = data.begin
  let previous = 'the header'
  for (const [name, { offset, byteLength }] of tensors) {
    const range = `bytes ${offset} to ${offset + byteLength}`
    if (offset < end)
      throw invalid(file, `tensor ${quoteName(name)} (${range}) overlaps ${previous}, which ends at ${end}`)
    if (offset > end)
      throw invalid(file, `bytes ${end} to ${offset} before tensor ${quoteName(name)} belong to no tensor`)
    end = offset + byteLength
    previous = `tensor ${quoteName(name)}`
  }
  const fileEnd = data.begin + data.length
  if (end < fileEnd) throw invalid(file, `bytes ${end} to ${fileEnd} after ${previous} belong to no tensor`)
}

function parseJson(file: string, bytes: Uint8Array): Map<string, StrictJson> {
  let text: string
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    throw invalid(file, 'its header is not UTF-8 text')
  }
  try {
    return parseStrictJson(text) as Map<string, StrictJson>
  } catch (error) {
    throw invalid(file, `its header is not valid JSON: ${(error as Error).message}`)
  }
}

/**
 * Reads and checks a whole header.
 * @param bytes the file from its start, at least up to the end of the header
 * @param fileSize true size of the file
 * @param file its name, for messages
 * @throws FoveaError `checkpoint_invalid` naming file, tensor and both sizes
 */
export function parseSafetensorsHeader(bytes: Uint8Array, fileSize: number, file = 'safetensors'): SafetensorsHeader {
  const length = headerLength(bytes, fileSize, file)
  const entries = parseJson(file, bytes.subarray(8, 8 + length))
  const data = { begin: 8 + length, length: fileSize - 8 - length }
  const metadata = readMetadata(file, entries.get('__metadata__'))
  entries.delete('__metadata__')
  const tensors: [string, TensorEntry][] = []
  for (const [name, value] of entries) {
    try {
      tensors.push([name, readEntry(value, data)])
    } catch (error) {
      throw invalid(file, `tensor ${quoteName(name)}: ${(error as Error).message}`)
    }
  }
  tensors.sort(([, a], [, b]) => a.offset - b.offset || a.byteLength - b.byteLength)
  const ordered = new Map(tensors)
  checkCoverage(file, ordered, data)
  return { tensors: ordered, metadata }
}
