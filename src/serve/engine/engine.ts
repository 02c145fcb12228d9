/** The model, in a process of its own: the server's event loop stays free, and what kills the model kills no server. */
import { type ChildProcess, fork } from 'node:child_process'
import { FoveaError } from '../../errors.ts'
import type { Job, ModelFacts, Progress, Results } from './job.ts'
import { receivedError } from './job-error.ts'
import type { EngineOptions, FromEngine, ToEngine } from './protocol.ts'

export interface RunOptions {
  /** Ends the job within one step of the model; what was said so far is its result. */
  readonly signal?: AbortSignal
  readonly onProgress?: (progress: Progress) => void
}

interface Pending {
  resolve(result: never): void
  reject(error: Error): void
  readonly onProgress?: (progress: Progress) => void
}

/** Milliseconds: a process that ends sooner after its start has lived briefly; after so many in a row none is started again. */
const SHORTEST_LIFE = 5000
const MOST_BRIEF = 3

const lost = (): FoveaError =>
  new FoveaError('engine_lost', 'resource', 'the engine stopped while it answered and is being started anew; try again')

export class Engine {
  private child!: ChildProcess
  private readonly pending = new Map<number, Pending>()
  private jobs = 0
  private isClosed = false
  /** Undefined while the model is loaded. */
  private facts: ModelFacts | undefined
  private failure: Error | undefined
  private brief = 0
  /** How often the process was started again. */
  restarts = 0

  private constructor(private readonly options: EngineOptions) {}

  /** Starts the process and loads the model. Throws what `loadModel` throws; the reason of `signal`, which ends the loading. */
  static async start(options: EngineOptions, signal?: AbortSignal): Promise<Engine> {
    signal?.throwIfAborted()
    const engine = new Engine(options)
    const end = () => void engine.close()
    signal?.addEventListener('abort', end, { once: true })
    try {
      await engine.open()
      return engine
    } catch (error) {
      await engine.close() // its process would keep this one alive
      signal?.throwIfAborted()
      throw error
    } finally {
      signal?.removeEventListener('abort', end)
    }
  }

  get isReady(): boolean {
    return this.facts !== undefined
  }

  /** Of the process that holds the model. */
  get pid(): number | undefined {
    return this.child.pid
  }

  /** Throws FoveaError `engine_loading`, kind `resource`, where the model is not there. */
  get model(): ModelFacts {
    if (this.facts) return this.facts
    throw this.failure ?? new FoveaError('engine_loading', 'resource', 'the model is being loaded; try again')
  }

  /** @throws FoveaError what the job is refused for; `engine_lost`, `engine_loading`, kind `resource` */
  async run<Kind extends Job['kind']>(
    job: Extract<Job, { kind: Kind }>,
    { signal, onProgress }: RunOptions = {},
  ): Promise<Results[Kind]> {
    signal?.throwIfAborted()
    void this.model
    const id = this.jobs++
    const cancel = () => this.send({ type: 'cancel', id })
    signal?.addEventListener('abort', cancel, { once: true })
    try {
      return await new Promise<Results[Kind]>((resolve, reject) => {
        this.pending.set(id, { resolve, reject, onProgress })
        this.send({ type: 'job', id, job })
      })
    } finally {
      this.pending.delete(id)
      signal?.removeEventListener('abort', cancel)
    }
  }

  /** Ends the process; what is under way is rejected. */
  async close(): Promise<void> {
    this.isClosed = true
    const { child } = this
    if (child.exitCode !== null || child.signalCode !== null) return
    const exited = new Promise((resolve) => child.once('exit', resolve))
    child.kill('SIGKILL')
    await exited
  }

  private open(): Promise<void> {
    const started = performance.now()
    this.child = forkHost()
    return new Promise((resolve, reject) => {
      this.child.on('message', (message: FromEngine) => {
        if (message.type === 'open') {
          this.facts = message.facts
          resolve()
        } else if (message.type === 'closed') reject((this.failure = receivedError(message.error)))
        else this.settle(message)
      })
      this.child.on('error', reject)
      this.child.on('exit', () => {
        reject(this.failure ?? lost())
        this.replace(performance.now() - started)
      })
      this.send({ type: 'open', options: this.options })
    })
  }

  private settle(message: Exclude<FromEngine, { type: 'open' | 'closed' }>): void {
    const waiting = this.pending.get(message.id)
    if (message.type === 'progress') waiting?.onProgress?.(message.progress)
    else if (message.type === 'done') waiting?.resolve(message.result as never)
    else waiting?.reject(receivedError(message.error))
  }

  private replace(lived: number): void {
    const wasOpen = this.facts !== undefined
    this.facts = undefined
    for (const { reject } of this.pending.values()) reject(lost())
    if (this.isClosed || !wasOpen) return
    this.brief = lived < SHORTEST_LIFE ? this.brief + 1 : 0
    if (this.brief >= MOST_BRIEF) {
      this.failure = new FoveaError('engine_lost', 'resource', 'the engine stops whenever it is started; see its log')
      return
    }
    this.restarts++
    this.open().catch((error: Error) => {
      this.failure = error
    })
  }

  private send(message: ToEngine): void {
    if (this.child.connected) this.child.send(message, () => {})
  }
}

function forkHost(): ChildProcess {
  const fromSources = import.meta.url.endsWith('.ts')
  const program = new URL(fromSources ? './model-host.ts' : './model-host.js', import.meta.url)
  const execArgv = fromSources ? ['--import', import.meta.resolve('tsx')] : []
  return fork(program, { execArgv, serialization: 'advanced', stdio: ['ignore', 'ignore', 'inherit', 'ipc'] })
}
