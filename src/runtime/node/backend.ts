import { isMainThread } from 'node:worker_threads'
import { FoveaError } from '../../errors.ts'
import type { Backend, Device, RunOptions, RunResult, Session, SessionOptions } from '../backend.ts'
import { explainLoadFailure } from '../device.ts'
import type { WireFeed } from '../ort-session.ts'
import type { Value } from '../values.ts'
import type { Engine, EngineEvents } from './engine.ts'
import { startProcess } from './engine-process.ts'
import { startThread } from './engine-thread.ts'
import type { Reply, Request } from './protocol.ts'

interface Pending {
  resolve(value: never): void
  reject(error: Error): void
}

/** onnxruntime-node in a worker thread of its own; where the caller is a worker itself, in a process of its own. */
export class NodeBackend implements Backend {
  private readonly engine: Engine
  private readonly pending = new Map<number, Pending>()
  private requests = 0
  private sessions = 0
  private failure: Error | undefined
  private ending: Promise<void> | undefined
  private exited = false

  constructor(readonly device: Device = 'cpu') {
    const events: EngineEvents = {
      onReply: (reply) => this.settle(reply),
      onError: (error) => this.fail(error),
      onExit: () => {
        this.exited = true
        this.fail(new Error('the engine was disposed'))
      },
    }
    this.engine = isMainThread ? startThread(events) : startProcess(events)
    // The process may end while the engine idles, but not while it owes an answer.
    this.engine.unref()
  }

  async load(model: Uint8Array, options: SessionOptions = {}): Promise<Session> {
    const session = this.sessions++
    await this.ask({ type: 'load', session, model, device: this.device, options }).catch(async (error: Error) => {
      throw (
        changedWeights(error, options) ?? (await explainLoadFailure(this.device, error, (probe) => this.tryLoad(probe)))
      )
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
    this.engine.stop()
    this.fail(new Error('the engine was disposed'))
    if (!this.exited) await this.post({ type: 'end' }).catch(() => {})
    await this.engine.end()
  }

  private ask(request: Request): Promise<never> {
    return this.failure ? Promise.reject(this.failure) : this.post(request)
  }

  private post(request: Request): Promise<never> {
    const id = this.requests++
    this.engine.ref()
    this.engine.post({ id, request })
    return new Promise((resolve, reject) => this.pending.set(id, { resolve, reject }))
  }

  private settle({ id, result, error }: Reply): void {
    const waiting = this.pending.get(id)
    this.pending.delete(id)
    if (this.pending.size === 0) this.engine.unref()
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

/** Files were looked at when the model was opened, and are read now; a working folder that is gone is no change of theirs. */
const CHANGED = /^ENOENT(?!.*uv_cwd)|^EISDIR|External initializer: .*(?:out of bounds|can not be read in full)/

/** What the engine says where files of weights are not any more what they were; undefined for other errors. */
export function changedWeights(cause: Error, { files = {} }: SessionOptions): FoveaError | undefined {
  const paths = Object.values(files).filter((content) => typeof content === 'string')
  const found = CHANGED.test(cause.message)
    ? (paths.find((path) => cause.message.includes(path)) ?? paths[0])
    : undefined
  if (found === undefined) return undefined
  const message = `${found}: it was changed while the model was in use; load the model again`
  return new FoveaError('checkpoint_changed', 'input', message, { cause })
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
