/** Work in a thread that can be ended, with limits of time that hold whatever it does. */
import type { Worker } from 'node:worker_threads'

export interface AskOptions {
  /** Milliseconds from when the thread says that it has begun. */
  readonly limit: number
  readonly signal?: AbortSignal
  readonly transfer?: readonly ArrayBuffer[]
  /** The error for a task that took too long or too much memory, or ended its thread. */
  refuse(problem: string, cause?: unknown): Error
}

/** What a worker says first: loading what it needs is not the task's fault. */
export const BEGUN = 'begun'

/**
 * Gives a worker a task and waits for its answer. The caller ends a worker that did not answer. Throws what `refuse` makes,
 * and what `signal` gives as reason.
 */
export function askWorker<T>(worker: Worker, task: unknown, options: AskOptions): Promise<T> {
  const { limit, signal, transfer = [], refuse } = options
  const { promise, resolve, reject } = deferred<T>()
  const fail = (problem: string, cause?: unknown) => reject(refuse(problem, cause))
  let timer: NodeJS.Timeout | undefined
  const expire = () => fail(`reading it takes more than ${(limit / 1000).toFixed(0)} s`)
  const onMessage = (message: typeof BEGUN | T) => {
    if (message === BEGUN) timer = setTimeout(expire, limit)
    else resolve(message)
  }
  const onError = (error: NodeJS.ErrnoException) =>
    error.code === 'ERR_WORKER_OUT_OF_MEMORY' ? fail('reading it takes too much memory', error) : reject(error)
  const onExit = () => fail('its reader ended')
  const onAbort = () => reject(signal!.reason)
  worker.on('message', onMessage).on('error', onError).on('exit', onExit)
  signal?.addEventListener('abort', onAbort)
  worker.postMessage(task, [...transfer])
  return promise.finally(() => {
    clearTimeout(timer)
    // Not all at once: the worker listens to itself, too.
    worker.off('message', onMessage).off('error', onError).off('exit', onExit)
    signal?.removeEventListener('abort', onAbort)
  })
}

function deferred<T>() {
  let [resolve, reject] = [(_: T) => {}, (_: unknown) => {}]
  const promise = new Promise<T>((yes, no) => {
    ;[resolve, reject] = [yes, no]
  })
  return { promise, resolve, reject }
}
