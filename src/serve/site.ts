import { basename } from 'node:path'
import { FoveaError } from '../errors.ts'
import { DEFAULT_MODEL, modelPath } from '../hub/package-root.ts'
import type { Engine, RunOptions } from './engine/engine.ts'
import type { Counted, Generated, GenerateJob, JobMessage, MethodChoice, Progress } from './engine/job.ts'
import { badParam } from './engine/job-error.ts'
import type { Turns } from './engine/queue.ts'
import type { StreamLimits } from './limits.ts'
import type { Metrics } from './metrics.ts'
import type { Storage } from './storage/storage.ts'

/** What clients call a model; of a folder its last part. */
export const modelIdOf = (name: string): string => (/[\\/]/.test(name) ? basename(name) : name)

/** For requests whose turn has come. */
export const AT_ONCE: Turns = { run: (work) => work() }

/** What endpoints work with. */
export class Site {
  /** Seconds since 1970. */
  readonly created = Math.floor(Date.now() / 1000)

  constructor(
    readonly engine: Engine,
    /** Of answers: one at a time. */
    readonly queue: Turns,
    /** Of what takes little: counting, tokens. */
    readonly sideQueue: Turns,
    readonly metrics: Metrics,
    readonly streamLimits: StreamLimits,
    private readonly name: string,
    private readonly storage?: Storage,
  ) {}

  get modelId(): string {
    return modelIdOf(this.name)
  }

  /** Every name of the model: as replies have it, as the server was told, that of its folder, and `mini` of the one here. */
  private get names(): readonly string[] {
    const path = modelPath(this.name)
    const own = path === modelPath(DEFAULT_MODEL) ? [DEFAULT_MODEL] : []
    return [this.modelId, this.name, basename(path), ...own]
  }

  /** Throws ParamError `model_not_found` for another model than the one that is served. */
  assertModel(asked: string | undefined): void {
    if (asked === undefined || this.names.includes(asked)) return
    throw badParam('model', 'model_not_found', `the model is ${this.modelId}; there is no other here`)
  }

  /** Files and batches. Throws FoveaError `storage_missing`, kind `resource`. */
  get kept(): Storage {
    if (this.storage) return this.storage
    throw new FoveaError('storage_missing', 'resource', 'this server keeps no files; start it with --data and a folder')
  }

  /** What a conversation would take, under a method; nothing is computed. */
  count(messages: readonly JobMessage[], method?: MethodChoice, signal?: AbortSignal): Promise<Counted> {
    const job = { kind: 'count', messages, method } as const
    return this.sideQueue.run(() => this.engine.run<'count'>(job, { signal }), signal)
  }

  /** Answers when its turn comes. Throws what the queue and the engine throw. */
  async answer(job: GenerateJob, { signal, onProgress }: RunOptions): Promise<Generated> {
    const watch = this.metrics.watch()
    const told = (progress: Progress) => {
      watch.progress(progress)
      onProgress?.(progress)
    }
    try {
      const result = await this.queue.run(() => {
        watch.started()
        return this.engine.run<'generate'>(job, { signal, onProgress: told })
      }, signal)
      watch.ended(result)
      return result
    } catch (error) {
      watch.failed(signal?.aborted ? 'abort' : 'error')
      throw error
    }
  }
}
