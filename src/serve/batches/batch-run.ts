/** The life of one batch: its input is checked, its requests are asked, its files are written. It survives any end of the process. */
import { setMaxListeners } from 'node:events'
import { type FileHandle, open, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { FoveaError } from '../../errors.ts'
import type { FileStore } from '../storage/file-store.ts'
import { newId, type Records } from '../storage/records.ts'
import { type BatchObject, entering, isOver } from './batch.ts'
import type { Executor } from './executor.ts'
import { type Input, type Place, readInput, requestAt } from './input.ts'
import { Journal } from './journal.ts'
import { errorLines, outputLines, resultOf } from './results.ts'

/** What the batches of a server share. */
export interface Workshop {
  readonly records: Records<BatchObject>
  readonly files: FileStore
  /** Of journals. */
  readonly folder: string
  readonly executor: Executor
  /** Batches of another model wait. */
  readonly model: string
  /** Told of what keeps a batch from going on, such as a full disk; it is tried again. */
  tell(batch: BatchObject, error: unknown): void
}

/** Milliseconds after which a batch goes on that something kept from it. */
const RETRY = 10_000

export class BatchRun {
  /** Aborted when the server ends. */
  private readonly closing = new AbortController()
  /** Aborted when no more requests are to be asked. */
  private readonly ending = new AbortController()
  private journal: Journal | undefined
  private changing: Promise<void> = Promise.resolve()
  private readonly timer: NodeJS.Timeout
  /** Resolves when the batch is over or the server ends. */
  readonly done: Promise<void>

  constructor(
    private batch: BatchObject,
    private readonly shop: Workshop,
  ) {
    this.timer = setTimeout(() => this.ending.abort(), Math.max(0, batch.expires_at * 1000 - Date.now()))
    setMaxListeners(0, this.ending.signal) // one for each request under way
    if (batch.status === 'cancelling') this.ending.abort()
    this.done = this.run()
  }

  /** As it is this moment. */
  get current(): BatchObject {
    const { batch, journal } = this
    if (!journal || isOver(batch)) return batch
    const { completed, failed } = journal
    return { ...batch, request_counts: { ...batch.request_counts, completed, failed } }
  }

  /** Throws FoveaError `batch_over`, kind `usage`, where there is nothing to cancel any more. */
  async cancel(): Promise<void> {
    await this.change((batch) => {
      if (!['validating', 'in_progress', 'cancelling'].includes(batch.status)) throw overError(batch)
      return batch.status === 'cancelling' ? batch : entering(batch, 'cancelling')
    })
    this.ending.abort()
  }

  /** Goes no further; the next start of the server goes on from here. */
  async stop(): Promise<void> {
    this.closing.abort()
    this.ending.abort()
    await this.done
  }

  private async run(): Promise<void> {
    const { signal } = this.closing
    while (!signal.aborted && !isOver(this.batch)) {
      try {
        await this.advance()
      } catch (error) {
        if (signal.aborted) break
        this.shop.tell(this.batch, error)
        await wait(RETRY, undefined, { signal, ref: false }).catch(() => undefined)
      }
    }
    clearTimeout(this.timer)
  }

  private async advance(): Promise<void> {
    const path = join(this.shop.folder, `${this.batch.id}.jsonl`)
    const input = await this.readInput()
    if (isOver(this.batch)) return
    const journal = await Journal.open(path)
    this.journal = journal
    try {
      if (this.batch.status === 'in_progress') await this.work(input, journal)
      if (!this.closing.signal.aborted) await this.finish(input, journal)
    } finally {
      await journal.close()
    }
    if (isOver(this.batch)) await rm(path, { force: true })
  }

  private async readInput(): Promise<Input> {
    const { files } = this.shop
    const { input_file_id, endpoint } = this.batch
    const content = files.read(files.find(input_file_id, 'input_file_id'))
    const { places, errors } = await readInput(content, endpoint, this.closing.signal)
    const request_counts = { total: places.length, completed: 0, failed: 0 }
    await this.change((batch) => {
      if (batch.status === 'validating' && errors.length > 0)
        return { ...entering(batch, 'failed'), errors: { object: 'list', data: errors } }
      if (batch.status === 'validating') return { ...entering(batch, 'in_progress'), request_counts }
      return errors.length > 0 ? batch : { ...batch, request_counts }
    })
    return { places: errors.length > 0 ? [] : places, errors }
  }

  private async work({ places }: Input, journal: Journal): Promise<void> {
    const { signal } = this.ending
    if (this.batch.model !== this.shop.model) return aborted(signal)
    const pending = places.filter(({ line }) => !journal.has(line)).values()
    const file = await open(this.shop.files.pathOf(this.shop.files.find(this.batch.input_file_id)))
    const failures: unknown[] = []
    const pump = async () => {
      for (const place of pending) {
        if (signal.aborted || failures.length > 0) return
        await this.ask(place, file, journal)
      }
    }
    const pumps = Array.from({ length: this.shop.executor.atOnce }, () => pump().catch((error) => failures.push(error)))
    await Promise.all(pumps).finally(() => file.close())
    if (failures.length > 0) throw failures[0]
  }

  private async ask(place: Place, file: FileHandle, journal: Journal): Promise<void> {
    const { id: batch, endpoint } = this.batch
    const { signal } = this.ending
    const asked = { batch, line: place.line, read: () => requestAt(file, place, endpoint) }
    const answer = await this.shop.executor.run(asked, signal).catch((error: unknown) => {
      if (!signal.aborted) throw error
    })
    if (answer) await journal.append(place.line, resultOf(place.customId, answer))
    if (!this.closing.signal.aborted) await this.shop.executor.forget(asked)
  }

  private async finish(input: Input, journal: Journal): Promise<void> {
    const { files } = this.shop
    const unanswered = input.places.length - journal.size
    // The names of its files are known before they are written: a process that dies in between writes the same ones again.
    await this.change((batch) => ({
      ...(batch.status === 'cancelling' ? batch : entering(batch, 'finalizing')),
      output_file_id: batch.output_file_id ?? (journal.completed > 0 ? newId('file-') : null),
      error_file_id: batch.error_file_id ?? (journal.failed + unanswered > 0 ? newId('file-') : null),
    }))
    const { id, status, output_file_id: output, error_file_id: errors } = this.batch
    const outcome = status === 'cancelling' ? 'cancelled' : unanswered > 0 ? 'expired' : 'completed'
    if (output) await files.save(output, `${id}_output.jsonl`, outputLines(input, journal))
    if (errors) await files.save(errors, `${id}_error.jsonl`, errorLines(input, journal, outcome))
    await this.change(() => entering(this.current, outcome))
  }

  /** One after another: a batch may be cancelled while it goes on by itself. */
  private change(next: (batch: BatchObject) => BatchObject): Promise<void> {
    const changed = this.changing.then(async () => {
      this.batch = await this.shop.records.put(next(this.batch))
    })
    this.changing = changed.catch(() => undefined)
    return changed
  }
}

const overError = ({ status }: BatchObject) =>
  new FoveaError('batch_over', 'usage', `the batch is ${status}; there is nothing to cancel any more`)

const aborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve()
    else signal.addEventListener('abort', () => resolve(), { once: true })
  })
