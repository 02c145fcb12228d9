/** Results of a batch, written down one by one: what is in here was done, whatever moment the process died at. */
import { createReadStream } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import type { Place } from './input.ts'

/** What a line of an output or error file says. */
export interface ResultLine {
  readonly id: string
  readonly custom_id: string
  readonly response: { readonly status_code: number; readonly request_id: string; readonly body: unknown } | null
  readonly error: { readonly code: string; readonly message: string } | null
}

interface Entry {
  /** Of the input. */
  readonly line: number
  readonly result: ResultLine
}

type Extent = Pick<Place, 'offset' | 'length'> & { readonly isSuccess: boolean }

const NEWLINE = 0x0a

export const isSuccess = ({ response }: ResultLine): boolean => response !== null && response.status_code < 300

export class Journal {
  /** Where the result of each line of the input lies. */
  private readonly extents = new Map<number, Extent>()
  private writing: Promise<unknown> = Promise.resolve()
  completed = 0

  private constructor(
    private readonly file: FileHandle,
    private end: number,
  ) {}

  /**
   * Opens it, or makes one. What follows the first entry that is not whole, as the last is where the process died over it, is
   * cut off and done again.
   */
  static async open(path: string): Promise<Journal> {
    const file = await open(path, 'a+')
    const journal = new Journal(file, 0)
    try {
      await journal.recover(path)
      return journal
    } catch (error) {
      await file.close()
      throw error
    }
  }

  /** Of results. */
  get size(): number {
    return this.extents.size
  }

  get failed(): number {
    return this.extents.size - this.completed
  }

  has(line: number): boolean {
    return this.extents.has(line)
  }

  /** On disk when it resolves. A second result of a line is no result: undefined is done. */
  append(line: number, result: ResultLine): Promise<void> {
    const written = this.writing.then(() => this.write({ line, result }))
    this.writing = written.catch(() => undefined)
    return written
  }

  /** The result of a line, in the form of the output file. */
  async read(line: number): Promise<ResultLine | undefined> {
    const extent = this.extents.get(line)
    if (!extent) return undefined
    const bytes = Buffer.alloc(extent.length)
    await this.file.read(bytes, 0, extent.length, extent.offset)
    return (JSON.parse(bytes.toString()) as Entry).result
  }

  isSuccess(line: number): boolean {
    return this.extents.get(line)?.isSuccess ?? false
  }

  async close(): Promise<void> {
    await this.writing
    await this.file.close()
  }

  private async write(entry: Entry): Promise<void> {
    if (this.extents.has(entry.line)) return
    const bytes = Buffer.from(`${JSON.stringify(entry)}\n`)
    try {
      await this.file.appendFile(bytes)
      await this.file.datasync()
    } catch (error) {
      await this.file.truncate(this.end).catch(() => undefined) // a part of it would end what can be read again
      throw error
    }
    this.note(entry, bytes.length - 1)
  }

  private note({ line, result }: Entry, length: number): void {
    if (!this.extents.has(line)) {
      this.extents.set(line, { offset: this.end, length, isSuccess: isSuccess(result) })
      if (isSuccess(result)) this.completed++
    }
    this.end += length + 1
  }

  private async recover(path: string): Promise<void> {
    for await (const bytes of wholeLines(createReadStream(path))) {
      const entry = entryOf(bytes)
      if (!entry) break
      this.note(entry, bytes.length)
    }
    await this.file.truncate(this.end)
  }
}

async function* wholeLines(content: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let parts: Buffer[] = []
  for await (const chunk of content) {
    let start = 0
    for (let at = chunk.indexOf(NEWLINE); at >= 0; at = chunk.indexOf(NEWLINE, start)) {
      yield Buffer.concat([...parts, chunk.subarray(start, at)])
      parts = []
      start = at + 1
    }
    parts.push(chunk.subarray(start))
  }
}

function entryOf(bytes: Buffer): Entry | undefined {
  try {
    const entry = JSON.parse(bytes.toString()) as Partial<Entry> | null
    return Number.isSafeInteger(entry?.line) && entry?.result ? (entry as Entry) : undefined
  } catch {
    return undefined
  }
}
