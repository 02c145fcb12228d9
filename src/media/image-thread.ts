/**
 * HEIC and JPEG XL come from strangers and are read by programs of WebAssembly, which nothing stops from within. They run
 * in a thread that ends with the image, and at the latest when its time is over.
 */
import type { Worker } from 'node:worker_threads'
import { FoveaError } from '../errors.ts'
import { askWorker } from '../runtime/node/ask-worker.ts'
import { moduleWorker } from '../runtime/node/module-worker.ts'
import type { Samples } from './samples.ts'
import { slowImage } from './slow-image.ts'

export type ThreadFormat = 'heic' | 'jxl'

/** Reads a head, then the pixels. */
export type ImageTask = { readonly format: ThreadFormat; readonly bytes: Uint8Array } | { readonly decode: true }

export interface WorkerAnswer {
  readonly size?: { readonly width: number; readonly height: number }
  /** Of HEIC samples, of JPEG XL a PNG. */
  readonly decoded?: Samples | Uint8Array
  readonly refusal?: Pick<FoveaError, 'code' | 'kind' | 'message'>
}

async function answerOf(worker: Worker, task: ImageTask, seconds: number): Promise<WorkerAnswer> {
  const answer = await askWorker<WorkerAnswer>(worker, task, { limit: 1000 * seconds, refuse: slowImage })
  if (!answer.refusal) return answer
  const { code, kind, message } = answer.refusal
  throw new FoveaError(code, kind, message)
}

/**
 * Reads the head; `decode` reads the pixels. `close` must be called. Throws FoveaError `image_unreadable`, `image_slow`,
 * `package_missing`.
 * @param seconds that each of both may take
 */
export async function openInThread<Form extends ThreadFormat>(format: Form, bytes: Uint8Array, seconds: number) {
  const worker = moduleWorker(import.meta.url, 'image-worker', {})
  try {
    const { size } = await answerOf(worker, { format, bytes }, seconds)
    return {
      ...size!,
      decode: async () => {
        const { decoded } = await answerOf(worker, { decode: true }, seconds)
        return decoded as Form extends 'heic' ? Samples : Uint8Array
      },
      close: () => void worker.terminate(),
    }
  } catch (error) {
    await worker.terminate()
    throw error
  }
}
