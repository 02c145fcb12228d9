/** The engine in a worker thread, which shares memory with the thread that asks. */
import type { Worker } from 'node:worker_threads'
import { endAtOnce } from './end-process.ts'
import type { Engine, EngineEvents } from './engine.ts'
import { moduleWorker } from './module-worker.ts'
import { BUSY, STOP } from './protocol.ts'

/** Milliseconds that a process which ends waits for the run that the engine is in. */
const LONGEST_WAIT = 500

/** Flags of the engines that a process which ends must not take down in the middle of a run. */
const running = new Set<Int32Array>()

/** What is about to end the process. Node shows it only after the listeners of `exit`. */
let fatal: unknown
process.on('uncaughtExceptionMonitor', (error) => {
  fatal = error
  setImmediate(() => {
    fatal = undefined
  })
})

process.on('exit', (code) => {
  for (const flags of running) Atomics.store(flags, STOP, 1)
  for (const flags of running) Atomics.wait(flags, BUSY, 1, LONGEST_WAIT)
  if (![...running].some((flags) => Atomics.load(flags, BUSY) === 1)) return
  if (fatal !== undefined) console.error(fatal)
  endAtOnce(code)
})

export function startThread({ onReply, onError, onExit }: EngineEvents): Engine {
  const flags = new Int32Array(new SharedArrayBuffer(8))
  const worker = startWorker(flags)
  worker.on('message', onReply)
  worker.on('error', onError)
  worker.on('exit', () => {
    running.delete(flags)
    onExit()
  })
  running.add(flags)
  return {
    post: (message) => worker.postMessage(message),
    ref: () => worker.ref(),
    unref: () => worker.unref(),
    stop: () => {
      Atomics.store(flags, STOP, 1)
    },
    end: async () => {
      worker.ref()
      await worker.terminate()
    },
  }
}

/**
 * ONNX Runtime tells Microsoft of its use, under an id that it keeps, unless the environment of the process says no; that
 * of a worker's own it does not see.
 */
export function startWorker(workerData: Int32Array): Worker {
  process.env.ORT_DISABLE_TELEMETRY ??= '1'
  return moduleWorker(import.meta.url, 'worker', { workerData })
}
