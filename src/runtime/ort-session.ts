import type { DType } from '../tensor/index.ts'
import { type Caches, cacheKey, type RunOptions, type RunResult } from './backend.ts'
import { ResidentStore } from './store.ts'
import type { TypedArray, Value } from './values.ts'

/** The parts of the ONNX Runtime API that onnxruntime-node and onnxruntime-web share. */
export interface OrtTensor {
  readonly type: string
  readonly dims: readonly number[]
  readonly data: unknown
}
export interface OrtModule {
  readonly Tensor: new (type: never, data: never, dims: readonly number[]) => OrtTensor
  readonly InferenceSession: { create(model: Uint8Array, options: never): Promise<OrtInferenceSession> }
}
export interface OrtInferenceSession {
  run(feeds: never, fetches: readonly string[]): Promise<Record<string, OrtTensor>>
  release(): Promise<void>
  endProfiling?(): void
}

const ortTypes: Record<DType, string> = {
  f32: 'float32',
  f16: 'float16',
  bf16: 'bfloat16',
  i64: 'int64',
  i32: 'int32',
  i8: 'int8',
  u8: 'uint8',
  bool: 'bool',
}
const dtypes = new Map(Object.entries(ortTypes).map(([dtype, type]) => [type, dtype as DType]))

export type WireFeed = Value | { readonly resident: string }

/** One loaded model and the tensors that stay with it. Runs where ONNX Runtime runs. */
export class OrtSession {
  private readonly store = new ResidentStore()
  private readonly growing: readonly (readonly [output: string, input: string])[]
  private readonly growingInputs: ReadonlySet<string>

  constructor(
    private readonly ort: OrtModule,
    private readonly session: OrtInferenceSession,
    private readonly caches: Caches = { inputs: [], appended: {} },
  ) {
    this.growing = Object.entries(caches.appended)
    this.growingInputs = new Set(Object.values(caches.appended))
  }

  async run(
    feeds: Readonly<Record<string, WireFeed>>,
    { fetch, keep = {}, append = {}, cache }: RunOptions,
  ): Promise<RunResult> {
    const started = performance.now()
    const inputs: Record<string, OrtTensor> = {}
    const resident: Record<string, readonly number[]> = {}
    for (const [name, feed] of Object.entries(feeds)) {
      const value = 'resident' in feed ? this.store.get(feed.resident) : feed
      if ('resident' in feed) resident[name] = value.dims
      inputs[name] = this.toOrt(value)
    }
    const appended = cache === undefined ? [] : this.cached(cache, inputs, resident)
    const wanted = [
      ...new Set([...fetch, ...Object.keys(keep), ...Object.keys(append), ...appended.map(([name]) => name)]),
    ]
    const results = await this.session.run(inputs as never, wanted)
    // What is returned as well must not share memory with what stays.
    const own = (name: string): Value =>
      fetch.includes(name) ? copyOf(fromOrt(results[name])) : fromOrt(results[name])
    for (const [name, key] of Object.entries(keep)) this.store.set(key, own(name))
    for (const [name, key] of [...Object.entries(append), ...appended]) this.store.append(key, fromOrt(results[name]))
    const values = Object.fromEntries(fetch.map((name) => [name, fromOrt(results[name])]))
    return { values, milliseconds: performance.now() - started, resident }
  }

  write(values: Readonly<Record<string, Value>>): void {
    for (const [key, value] of Object.entries(values)) this.store.set(key, value)
  }

  read(keys: readonly string[]): Record<string, Value> {
    return Object.fromEntries(keys.map((key) => [key, copyOf(this.store.get(key))]))
  }

  truncate(rows: Readonly<Record<string, number>>): void {
    for (const [key, count] of Object.entries(rows)) this.store.truncate(key, count)
  }

  forget(keys: readonly string[]): void {
    for (const key of keys) this.store.delete(key)
  }

  release(): Promise<void> {
    this.session.endProfiling?.()
    return this.session.release()
  }

  /** Adds what is under a key to the inputs of a run; returns outputs that go behind some of it, and the keys of these. */
  private cached(key: string, inputs: Record<string, OrtTensor>, resident: Record<string, readonly number[]>) {
    for (const name of this.caches.inputs) {
      const value = this.store.get(cacheKey(key, name))
      inputs[name] = this.toOrt(value)
      if (!this.growingInputs.has(name)) resident[name] = value.dims
    }
    return this.growing.map(([output, input]) => [output, cacheKey(key, input)] as const)
  }

  private toOrt({ dtype, data, dims }: Value): OrtTensor {
    return new this.ort.Tensor(ortTypes[dtype] as never, data as never, dims)
  }
}

const copyOf = (value: Value): Value => ({ ...value, data: value.data.slice() })

const fromOrt = (tensor: OrtTensor): Value => ({
  dtype: dtypes.get(tensor.type)!,
  dims: tensor.dims,
  data: tensor.data as TypedArray,
})
