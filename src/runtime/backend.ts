import type { Value } from './values.ts'

/** What runs programs: onnxruntime-node in a worker thread, or onnxruntime-web. */
export interface Backend {
  readonly device: Device
  load(model: Uint8Array, options?: SessionOptions): Promise<Session>
  /** Ends the worker and frees all sessions and stores. */
  dispose(): Promise<void>
}

export type Device = 'cpu' | 'cuda' | 'webgpu' | 'wasm'

export interface SessionOptions {
  /** Files that initializers of the model point into, by the name they use: bytes, or (in Node) a path. */
  readonly files?: Readonly<Record<string, Uint8Array | string>>
  /** A folder (in Node) whose files the engine maps into memory by itself, for initializers that `files` does not hold. */
  readonly folder?: string
  readonly threads?: number
  /** Tensors that stay with the session under the key of a run (`RunOptions.cache`), so that no run need name them. */
  readonly caches?: Caches
  /** Writes a per-node profile when the session is released. */
  readonly profile?: string
}

/** Inputs that are resident as `key/input`, and outputs whose rows are added to the end of some of them. */
export interface Caches {
  readonly inputs: readonly string[]
  readonly appended: Readonly<Record<string, string>>
}

/** The key of a resident tensor of a cache. */
export const cacheKey = (cache: string, input: string): string => `${cache}/${input}`

/** A tensor that stays with the session between runs, by key. */
export interface Resident {
  readonly resident: string
}

export interface RunOptions {
  /** Outputs to return; the others are computed only if kept. */
  readonly fetch: readonly string[]
  /** Outputs that replace a resident tensor: output name -> key. */
  readonly keep?: Readonly<Record<string, string>>
  /** Outputs whose rows (axis 0) are added to the end of a resident tensor: output name -> key. */
  readonly append?: Readonly<Record<string, string>>
  /** Key of what this run reads of the session's `caches`, and adds to. */
  readonly cache?: string
}

export interface RunResult {
  readonly values: Record<string, Value>
  /** Time inside the engine, in milliseconds. */
  readonly milliseconds: number
  /** Shapes of the resident tensors that were fed, by input; of a cache those that do not grow. */
  readonly resident: Readonly<Record<string, readonly number[]>>
}

export interface Session {
  run(feeds: Readonly<Record<string, Value | Resident>>, options: RunOptions): Promise<RunResult>
  /** Sets resident tensors. */
  write(values: Readonly<Record<string, Value>>): Promise<void>
  /** Copies resident tensors out. */
  read(keys: readonly string[]): Promise<Record<string, Value>>
  /** Cuts resident tensors back to their first rows; 0 rows deletes nothing but empties them. */
  truncate(rows: Readonly<Record<string, number>>): Promise<void>
  /** Forgets resident tensors. */
  forget(keys: readonly string[]): Promise<void>
  release(): Promise<void>
}
