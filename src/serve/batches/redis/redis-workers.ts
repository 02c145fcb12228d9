import type { EventEmitter } from 'node:events'
import type { Queue, QueueEvents } from 'bullmq'
import { orAbort } from '../../../loading/or-abort.ts'
import { openAiError } from '../../http/failure.ts'
import type { Answer, Asked, Executor } from '../executor.ts'
import type { RequestLine } from '../request-line.ts'
import { CLOSE, type Connection, closeWithin, connectRedis, jobIdOf, missing, PREFIX, queueName } from './connection.ts'

/** Jobs of one batch that lie in Redis at once: more than workers, less than its memory. */
const AT_ONCE = 64

/** Milliseconds after which a job is looked at although no event told of it. */
const LOOK = 30_000

/** Seconds: answers that nobody fetched are gone by then, and so is every batch that could. */
const KEPT = 15 * 86_400

/** A connection that was lost comes back by itself. */
const comesBack = (): void => {}

/** `fovea worker` processes, wherever they run. A request is a job by its batch and line, so asking twice is asking once. */
export class RedisWorkers implements Executor {
  readonly atOnce = AT_ONCE

  private constructor(
    private readonly connection: Connection,
    private readonly queue: Queue<RequestLine, Answer>,
    private readonly events: QueueEvents,
  ) {}

  /** Throws what `connectRedis` throws. */
  static async open(url: string, model: string): Promise<RedisWorkers> {
    const connection = await connectRedis(url)
    const { Queue: Jobs, QueueEvents: Events } = await import('bullmq').catch(missing)
    const options = { prefix: PREFIX, connection: connection.redis }
    const queue = new Jobs<RequestLine, Answer>(queueName(model), options)
    const events = new Events(queueName(model), options)
    for (const each of [queue, events] as EventEmitter[]) each.setMaxListeners(0).on('error', comesBack)
    return new RedisWorkers(connection, queue, events)
  }

  run(asked: Asked, signal: AbortSignal): Promise<Answer> {
    return orAbort(signal, () => this.answered(asked, signal))
  }

  /** Takes the job away: its answer was written down, or nobody wants it any more. One under way is left to end. */
  async forget(asked: Pick<Asked, 'batch' | 'line'>): Promise<void> {
    const removed = this.queue.remove(jobIdOf(asked)).catch(() => undefined)
    await Promise.race([removed, new Promise((go) => setTimeout(go, CLOSE).unref())])
  }

  close(): Promise<void> {
    return closeWithin(CLOSE, this.connection, [this.events, this.queue])
  }

  private async answered(asked: Asked, signal: AbortSignal): Promise<Answer> {
    const jobId = jobIdOf(asked)
    const options = { jobId, removeOnComplete: { age: KEPT }, removeOnFail: { age: KEPT } }
    for (;;) {
      signal.throwIfAborted()
      const job = (await this.queue.getJob(jobId)) ?? (await this.queue.add('request', await asked.read(), options))
      await job.waitUntilFinished(this.events, LOOK).catch(() => undefined)
      const after = await this.queue.getJob(jobId)
      if (after?.finishedOn) return after.failedReason ? lost(after.failedReason) : after.returnvalue
    }
  }
}

/** Of a job that ended without an answer: workers stopped over it. */
const lost = (reason: string): Answer => {
  const message = `no worker could answer this request: ${reason}`
  return { status: 500, body: openAiError({ status: 500, code: 'worker_lost', message, param: null }) }
}
