import { join } from 'node:path'
import { FoveaError } from '../../errors.ts'
import { badParam } from '../engine/job-error.ts'
import { LIMITS } from '../limits.ts'
import { newId, Records } from '../storage/records.ts'
import { type BatchedUrl, type BatchObject, isOver, now, told, windowSeconds } from './batch.ts'
import { BatchRun, type Workshop } from './batch-run.ts'

export interface NewBatch {
  readonly input_file_id: string
  readonly endpoint: BatchedUrl
  readonly completion_window: string
  readonly metadata?: Readonly<Record<string, string>> | null
}

/** The batches of a server: those that are not over go on, all at once, whenever it starts. */
export class Batches {
  private readonly runs = new Map<string, BatchRun>()

  private constructor(private readonly shop: Workshop) {
    for (const batch of shop.records.all().reverse()) if (!isOver(batch)) this.start(batch)
  }

  /** Throws what `Records.open` throws. */
  static async open(folder: string, shop: Omit<Workshop, 'records' | 'folder'>): Promise<Batches> {
    const records = await Records.open<BatchObject>(join(folder, 'records'))
    return new Batches({ ...shop, records, folder })
  }

  /** Throws ParamError `not_found`, `invalid_request`; FoveaError `too_many_batches`, kind `resource`. */
  async create({ input_file_id, endpoint, completion_window, metadata = null }: NewBatch): Promise<BatchObject> {
    const { files, records, model } = this.shop
    if (files.find(input_file_id, 'input_file_id').purpose !== 'batch')
      throw badParam('input_file_id', 'invalid_request', 'input_file_id: this is what another batch ended in')
    const seconds = windowSeconds(completion_window)
    if (seconds === undefined)
      throw badParam('completion_window', 'invalid_request', 'completion_window: expected one such as 24h, 30m or 7d')
    if (this.runs.size >= LIMITS.openBatches) throw tooMany()
    await this.forgetOldest()
    const created_at = now()
    const batch = await records.put({
      ...NOTHING_YET,
      ...{ id: newId('batch_'), endpoint, model, input_file_id, completion_window, metadata },
      ...{ created_at, expires_at: created_at + seconds },
    })
    return told(this.start(batch).current)
  }

  /** Throws ParamError `not_found`. */
  find(id: string): BatchObject {
    const batch = this.runs.get(id)?.current ?? this.shop.records.find(id)
    if (batch) return told(batch)
    throw badParam('batch_id', 'not_found', 'batch_id: there is no such batch here')
  }

  /** The newest first. */
  all(): BatchObject[] {
    return this.shop.records.all().map(({ id }) => this.find(id))
  }

  /** Throws ParamError `not_found`; FoveaError `batch_over`, kind `usage`. */
  async cancel(id: string): Promise<BatchObject> {
    const { status } = this.find(id)
    const run = this.runs.get(id)
    if (!run) throw new FoveaError('batch_over', 'usage', `the batch is ${status}; there is nothing to cancel any more`)
    await run.cancel()
    return this.find(id)
  }

  /** Whether a batch that is not over reads this file. */
  uses(fileId: string): boolean {
    return [...this.runs.values()].some(({ current }) => current.input_file_id === fileId)
  }

  /** Ends the work; what was answered is kept, and the next start goes on. */
  async close(): Promise<void> {
    await Promise.all([...this.runs.values()].map((run) => run.stop()))
    await this.shop.executor.close()
  }

  private start(batch: BatchObject): BatchRun {
    const run = new BatchRun(batch, this.shop)
    this.runs.set(batch.id, run)
    void run.done.then(() => this.runs.delete(batch.id))
    return run
  }

  private async forgetOldest(): Promise<void> {
    const { records } = this.shop
    if (records.size < LIMITS.batches) return
    const oldest = records.all().findLast(isOver)
    if (oldest) await records.remove(oldest.id)
  }
}

const NOTHING_YET = {
  object: 'batch',
  errors: null,
  status: 'validating',
  output_file_id: null,
  error_file_id: null,
  in_progress_at: null,
  finalizing_at: null,
  completed_at: null,
  failed_at: null,
  expired_at: null,
  cancelling_at: null,
  cancelled_at: null,
  request_counts: { total: 0, completed: 0, failed: 0 },
} as const

const tooMany = (): FoveaError =>
  new FoveaError(
    'too_many_batches',
    'resource',
    `${LIMITS.openBatches} batches are not over yet; wait for one of them, or cancel one`,
  )
