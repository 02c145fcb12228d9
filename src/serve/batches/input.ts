/** The requests of a batch, where they lie in its input, and what is wrong with it. */
import type { FileHandle } from 'node:fs/promises'
import { LIMITS } from '../limits.ts'
import type { BatchError } from './batch.ts'
import { linesOf } from './lines.ts'
import { fault, isFault, type RequestLine, readRequest } from './request-line.ts'

/** Where a request lies. */
export interface Place {
  /** Of its line, counted from 1: what names it from here on. */
  readonly line: number
  readonly offset: number
  readonly length: number
  /** What the client calls it. */
  readonly customId: string
}

export interface Input {
  readonly places: readonly Place[]
  /** Empty where all of it can be asked. */
  readonly errors: readonly BatchError[]
}

/** Errors that are told. */
const MOST_ERRORS = 100

/** Reads it all. Stops at the hundredth error, or when `signal` is aborted with its reason. */
export async function readInput(content: AsyncIterable<Uint8Array>, url: string, signal: AbortSignal): Promise<Input> {
  const places: Place[] = []
  const errors: BatchError[] = []
  const firstLines = new Map<string, number>()
  for await (const { number: line, offset, bytes } of linesOf(content, LIMITS.bodyBytes)) {
    signal.throwIfAborted()
    if (places.length === LIMITS.batchLines) {
      errors.push({ ...fault('too_many_requests', `a batch has at most ${LIMITS.batchLines} requests`), line })
      break
    }
    const read = readRequest(bytes, url)
    const problem = isFault(read) ? read : duplicate(read, firstLines, line)
    places.push({ line, offset, length: bytes?.length ?? 0, customId: isFault(read) ? '' : read.custom_id })
    if (problem) errors.push({ ...problem, line })
    if (errors.length === MOST_ERRORS) break
  }
  if (places.length === 0) errors.push({ ...fault('empty_file', 'the input file has no requests'), line: null })
  return { places, errors }
}

function duplicate({ custom_id: id }: RequestLine, firstLines: Map<string, number>, line: number) {
  const first = firstLines.get(id)
  if (first === undefined) firstLines.set(id, line)
  else return fault('duplicate_custom_id', `the custom_id of line ${first} again; each has one of its own`, 'custom_id')
}

/** A request of an input that was found right. */
export async function requestAt(file: FileHandle, { offset, length }: Place, url: string): Promise<RequestLine> {
  const bytes = Buffer.alloc(length)
  await file.read(bytes, 0, length, offset)
  const read = readRequest(bytes, url)
  if (isFault(read)) throw new Error(`the input changed after it was checked: ${read.message}`)
  return read
}
