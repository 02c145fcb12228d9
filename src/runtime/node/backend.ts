import { Worker } from 'node:worker_threads'
import type { Backend, Device, RunOptions, RunResult, Session, SessionOptions } from '../backend.ts'
import { explainLoadFailure } from '../device.ts'
import type { WireFeed } from '../ort-session.ts'
import type { Value } from '../values.ts'
import { BUSY, type Reply, type Request, STOP } from './protocol.ts'

/** Milliseconds that a process which ends waits for the run that the engine is in. */
const LONGEST_WAIT = 5000

/** What every engine of this process still has to wait for when it ends. */
const atExit = new Set<() => void>()
process.on('exit', () => {
  for (const wait of atExit) wait()
})

interface Pending {
  resolve(value: never): void
  reject(error: Error): void
}

/** onnxruntime-node in a worker thread of its own. */
export class NodeBackend implements Backend {
  private readonly worker: Worker
  private readonly pending = new Map<number, Pending>()
  private requests = 0
  private sessions = 0
  private failure: Error | undefined
  private ending: Promise<void> | undefined
  private exited = false
  private readonly flags = new Int32Array(new SharedArrayBuffer(8))
  private readonly onExit = () => this.awaitRun()

  constructor(readonly device: Device = 'cpu') {
    this.worker = startWorker(this.flags)
    this.worker.on('message', (reply: Reply) => this.settle(reply))
    this.worker.on('error', (error) => this.fail(error))
    this.worker.on('exit', () => {
      this.exited = true
      this.fail(new Error('the engine was disposed'))
    })
    // The process may end while the worker idles, but not while it owes an answer.
    this.worker.unref()
    atExit.add(this.onExit)
  }

  async load(model: Uint8Array, options: SessionOptions = {}): Promise<Session> {
    const session = this.sessions++
    await this.ask({ type: 'load', session, model, device: this.device, options }).catch(async (error: Error) => {
      throw await explainLoadFailure(this.device, error, (probe) => this.tryLoad(probe))
    })
    return new WorkerSession(session, (request) => this.ask(request))
  }

  /** What is under way is rejected at once; the promise resolves when the run that the engine is in has ended. */
  dispose(): Promise<void> {
    this.ending ??= this.end()
    return this.ending
  }

  /** A thread that is terminated inside the engine's native code takes the whole process with it: let it leave first. */
  private async end(): Promise<void> {
    atExit.delete(this.onExit)
    Atomics.store(this.flags, STOP, 1)
    this.fail(new Error('the engine was disposed'))
    if (!this.exited) await this.post({ type: 'end' }).catch(() => {})
    this.worker.ref()
    await this.worker.terminate()
  }

  /** The same for a process that ends by itself, where nothing asynchronous happens any more. */
  private awaitRun(): void {
    Atomics.store(this.flags, STOP, 1)
    Atomics.wait(this.flags, BUSY, 1, LONGEST_WAIT)
  }

  private ask(request: Request): Promise<never> {
    return this.failure ? Promise.reject(this.failure) : this.post(request)
  }

  private post(request: Request): Promise<never> {
    const id = this.requests++
    this.worker.ref()
    this.worker.postMessage({ id, request })
    return new Promise((resolve, reject) => this.pending.set(id, { resolve, reject }))
  }

  private settle({ id, result, error }: Reply): void {
    const waiting = this.pending.get(id)
    this.pending.delete(id)
    if (this.pending.size === 0) this.worker.unref()
    if (error === undefined) waiting?.resolve(result as never)
    else waiting?.reject(new Error(error))
  }

  private fail(error: Error): void {
    this.failure ??= error
    for (const { reject } of this.pending.values()) reject(this.failure)
    this.pending.clear()
  }

  private async tryLoad(model: Uint8Array): Promise<void> {
    const session = this.sessions++
    await this.ask({ type: 'load', session, model, device: this.device, options: {} })
    await this.ask({ type: 'release', session })
  }
}

/**
 * From sources the worker is TypeScript, so its thread needs the loader first. ONNX Runtime tells Microsoft of its use,
 * under an id that it keeps, unless the environment of the process says no; that of a worker's own it does not see.
 */
function startWorker(workerData: Int32Array): Worker {
  process.env.ORT_DISABLE_TELEMETRY ??= '1'
  const fromSources = import.meta.url.endsWith('.ts')
  if (!fromSources) return new Worker(new URL('./worker.js', import.meta.url), { workerData })
  const source = JSON.stringify(new URL('./worker.ts', import.meta.url).href)
  return new Worker(`import('tsx/esm/api').then(({ register }) => { register(); return import(${source}) })`, {
    eval: true,
    workerData,
  })
}

class WorkerSession implements Session {
  constructor(
    private readonly session: number,
    private readonly ask: (request: Request) => Promise<never>,
  ) {}

  run(feeds: Record<string, WireFeed>, options: RunOptions): Promise<RunResult> {
    return this.ask({ type: 'run', session: this.session, feeds, options })
  }
  write(values: Record<string, Value>): Promise<void> {
    return this.ask({ type: 'write', session: this.session, values })
  }
  read(keys: readonly string[]): Promise<Record<string, Value>> {
    return this.ask({ type: 'read', session: this.session, keys })
  }
  truncate(rows: Record<string, number>): Promise<void> {
    return this.ask({ type: 'truncate', session: this.session, rows })
  }
  forget(keys: readonly string[]): Promise<void> {
    return this.ask({ type: 'forget', session: this.session, keys })
  }
  release(): Promise<void> {
    return this.ask({ type: 'release', session: this.session })
  }
}
