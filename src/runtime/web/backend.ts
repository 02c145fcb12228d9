import { whereMissing } from '../../errors.ts'
import type { Backend, Device, RunOptions, RunResult, Session, SessionOptions } from '../backend.ts'
import { deviceUnavailable, explainLoadFailure } from '../device.ts'
import { type OrtInferenceSession, type OrtModule, OrtSession, type WireFeed } from '../ort-session.ts'
import type { Value } from '../values.ts'

export interface WebOptions {
  /** Where the .wasm files are served from; by default beside the script of onnxruntime-web. */
  readonly wasmPaths?: string
  /** Threads of the WASM engine; more than 1 needs a cross-origin isolated page. */
  readonly threads?: number
}

type WebModule = typeof import('onnxruntime-web')

/** onnxruntime-web in the thread that calls it: put it into a worker of the page where runs are long. */
export class WebBackend implements Backend {
  private readonly sessions = new Set<WebSession>()
  private engine: Promise<WebModule> | undefined
  private disposed = false

  constructor(
    readonly device: Device = 'wasm',
    private readonly options: WebOptions = {},
  ) {}

  async load(model: Uint8Array, options: SessionOptions = {}): Promise<Session> {
    if (this.disposed) throw new Error('the engine was disposed')
    if (options.profile) throw new Error('a profile needs the engine of Node: onnxruntime-web writes no files')
    this.engine ??= startEngine(this.device, this.options)
    const ort = await this.engine
    const create = (bytes: Uint8Array, { files = {} }: SessionOptions) =>
      ort.InferenceSession.create(bytes, {
        executionProviders: [this.device],
        graphOptimizationLevel: 'all',
        logSeverityLevel: 3,
        externalData: Object.entries(files).map(([path, data]) => ({ path, data })),
      })
    const created = await create(model, options).catch(async (error: Error) => {
      throw await explainLoadFailure(this.device, error, (bytes) => create(bytes, {}).then((probe) => probe.release()))
    })
    const engine = created as unknown as OrtInferenceSession
    const inner = new OrtSession(ort as unknown as OrtModule, engine, options.caches)
    const session = new WebSession(inner, () => this.sessions.delete(session))
    this.sessions.add(session)
    return session
  }

  async dispose(): Promise<void> {
    this.disposed = true
    for (const session of [...this.sessions]) await session.release('the engine was disposed')
  }
}

async function startEngine(device: Device, { wasmPaths, threads = 1 }: WebOptions): Promise<WebModule> {
  if (device !== 'wasm' && device !== 'webgpu') throw deviceUnavailable(device)
  if (device === 'webgpu' && !('gpu' in (globalThis.navigator ?? {}))) throw deviceUnavailable(device)
  const missing = whereMissing(`the device ${device}`, 'onnxruntime-web')
  const ort = await (device === 'webgpu' ? import('onnxruntime-web/webgpu') : import('onnxruntime-web')).catch(missing)
  ort.env.wasm.numThreads = threads
  ort.env.logLevel = 'error'
  if (wasmPaths) ort.env.wasm.wasmPaths = wasmPaths
  return ort as WebModule
}

class WebSession implements Session {
  private gone: string | undefined
  /** The engine runs one thing at a time, so calls queue up in their order. */
  private last: Promise<unknown> = Promise.resolve()

  constructor(
    private readonly inner: OrtSession,
    private readonly forgetSession: () => void,
  ) {}

  run(feeds: Record<string, WireFeed>, options: RunOptions): Promise<RunResult> {
    return this.queue(() => this.inner.run(feeds, options))
  }
  write(values: Record<string, Value>): Promise<void> {
    return this.queue(() => this.inner.write(values))
  }
  read(keys: readonly string[]): Promise<Record<string, Value>> {
    return this.queue(() => this.inner.read(keys))
  }
  truncate(rows: Record<string, number>): Promise<void> {
    return this.queue(() => this.inner.truncate(rows))
  }
  forget(keys: readonly string[]): Promise<void> {
    return this.queue(() => this.inner.forget(keys))
  }
  async release(reason = 'this session was released'): Promise<void> {
    await this.queue(() => this.inner.release())
    this.gone = reason
    this.forgetSession()
  }

  private queue<T>(action: () => T | Promise<T>): Promise<T> {
    const result = this.last.then(() => {
      if (this.gone) throw new Error(this.gone)
      return action()
    })
    this.last = result.catch(() => undefined)
    return result
  }
}
