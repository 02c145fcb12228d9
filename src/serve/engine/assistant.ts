import { orAbort } from '../../loading/or-abort.ts'
import type { RunOptions } from './engine.ts'
import type { Counted, CountJob, Embedded, EmbedJob, Generated, GenerateJob } from './job.ts'
import { Queue } from './queue.ts'
import type { Runner } from './runner.ts'

/** Calls that may wait. */
const MOST = 64

/** A model that is loaded when it is first asked, and does one job at a time. */
export class Assistant {
  private readonly queue: Queue
  private runner: Promise<Runner> | undefined
  private readonly ending = new AbortController()

  /** @param start loads the model; its signal ends the loading */
  constructor(
    private readonly start: (signal: AbortSignal) => Promise<Runner>,
    most = MOST,
  ) {
    this.queue = new Queue(1, most)
  }

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

  /** Throws the same. */
  embed(job: EmbedJob, run: RunOptions): Promise<Embedded> {
    return this.queue.run(async () => (await this.open(run.signal)).run<'embed'>(job, run), run.signal)
  }

  /** Ends what is under way, the loading too. */
  async close(): Promise<void> {
    this.ending.abort()
    await (await this.runner?.catch(() => undefined))?.close()
  }

  /** A call that goes away leaves the loading to the next one. */
  private open(signal?: AbortSignal): Promise<Runner> {
    this.runner ??= this.load()
    const runner = this.runner
    return orAbort(signal, () => runner)
  }

  private async load(): Promise<Runner> {
    try {
      const runner = await this.start(this.ending.signal)
      this.isLoaded = true
      return runner
    } catch (error) {
      this.runner = undefined // the next call tries again
      throw error
    }
  }
}
