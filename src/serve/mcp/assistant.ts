import { orAbort } from '../../loading/or-abort.ts'
import { Engine, type RunOptions } from '../engine/engine.ts'
import type { Counted, CountJob, Generated, GenerateJob } from '../engine/job.ts'
import type { EngineOptions } from '../engine/protocol.ts'
import { Queue } from '../engine/queue.ts'

/** Calls that may wait. */
const MOST = 64

/** A model that is loaded when it is first asked, and answers one call at a time. */
export class Assistant {
  private readonly queue = new Queue(1, MOST)
  private engine: Promise<Engine> | undefined
  private readonly ending = new AbortController()

  constructor(private readonly options: EngineOptions) {}

  /** Whether a call need not wait for the model. */
  isLoaded = false

  /** Throws what the queue, the loading and the engine throw; the reason of `signal`. */
  answer(job: GenerateJob, run: RunOptions): Promise<Generated> {
    return this.queue.run(async () => (await this.open(run.signal)).run<'generate'>(job, run), run.signal)
  }

  /** What a call would take: whether it will be refused is known before anything is computed. */
  count(job: CountJob, run: RunOptions): Promise<Counted> {
    return this.queue.run(async () => (await this.open(run.signal)).run<'count'>(job, run), run.signal)
  }

  /** Ends what is under way, the loading too. */
  async close(): Promise<void> {
    this.ending.abort()
    await (await this.engine?.catch(() => undefined))?.close()
  }

  /** A call that goes away leaves the loading to the next one. */
  private open(signal?: AbortSignal): Promise<Engine> {
    this.engine ??= this.start()
    const engine = this.engine
    return orAbort(signal, () => engine)
  }

  private async start(): Promise<Engine> {
    try {
      const engine = await Engine.start(this.options, this.ending.signal)
      this.isLoaded = true
      return engine
    } catch (error) {
      this.engine = undefined // the next call tries again
      throw error
    }
  }
}
