/** A process that answers requests of batches which servers put into Redis. */
import type { Job } from 'bullmq'
import { Engine } from '../../engine/engine.ts'
import type { EngineOptions } from '../../engine/protocol.ts'
import { Queue } from '../../engine/queue.ts'
import { missing as missingMetrics } from '../../http/app.ts'
import { STREAM_LIMITS } from '../../limits.ts'
import { AT_ONCE, Site } from '../../site.ts'
import { answerRequest } from '../answer-request.ts'
import type { Answer } from '../executor.ts'
import { persistently } from '../own-model.ts'
import type { RequestLine } from '../request-line.ts'
import { closeWithin, connectRedis, missing, PREFIX, queueName } from './connection.ts'

export interface WorkerOptions extends EngineOptions {
  /** Such as `redis://:password@host:6379`. */
  readonly redis: string
  /** Told of each request that was answered. */
  readonly onAnswer?: (job: { readonly id: string; readonly status: number; readonly milliseconds: number }) => void
}

export interface BatchWorker {
  readonly model: string
  /** Takes no more requests, ends the one under way where it is soon done, and stops the engine. */
  close(): Promise<void>
}

/** Milliseconds: a worker that does not say for so long that it works on a request has lost it to another. */
const LOCK = 30_000
const LOOK_FOR_LOST = 10_000
/** A request over which so many workers stopped is answered with an error. */
const MOST_LOST = 2

/** Milliseconds for the request under way; then another worker takes it over. */
const DRAIN = 30_000

/** Loads a model and takes requests for it. Throws what `connectRedis` and `loadModel` throw. */
export async function createWorker({ redis: url, onAnswer, ...options }: WorkerOptions): Promise<BatchWorker> {
  const connection = await connectRedis(url)
  const ending = new AbortController()
  try {
    const { Worker } = await import('bullmq').catch(missing)
    const { Metrics } = await import('../../metrics.ts').catch(missingMetrics)
    const engine = await Engine.start(options)
    const metrics = new Metrics(options.model, new Queue(1, 0))
    const site = new Site(engine, AT_ONCE, AT_ONCE, metrics, STREAM_LIMITS, options.model)
    const answer = async ({ id = '', data }: Job<RequestLine, Answer>): Promise<Answer> => {
      const started = performance.now()
      const answered = await persistently(site, ending.signal, () => answerRequest(site, data, ending.signal))
      onAnswer?.({ id, status: answered.status, milliseconds: performance.now() - started })
      return answered
    }
    const worker = new Worker<RequestLine, Answer>(queueName(site.modelId), answer, {
      prefix: PREFIX,
      connection: connection.redis,
      lockDuration: LOCK,
      stalledInterval: LOOK_FOR_LOST,
      maxStalledCount: MOST_LOST,
    })
    worker.on('error', () => {}) // connections come back by themselves
    const close = async () => {
      await closeWithin(DRAIN, connection, [worker])
      await engine.close()
    }
    return { model: site.modelId, close }
  } catch (error) {
    connection.redis.disconnect()
    throw error
  }
}
