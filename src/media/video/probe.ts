/**
 * Containers come from strangers, and a few bytes can keep their reader busy for ever, with no turn for anything else. So
 * they are first read in a thread with a limit of time and memory; what ends there ends here, too.
 */
import { stat } from 'node:fs/promises'
import type { Worker } from 'node:worker_threads'
import { FoveaError } from '../../errors.ts'
import { askWorker } from '../../runtime/node/ask-worker.ts'
import { moduleWorker } from '../../runtime/node/module-worker.ts'
import { type VideoLimits, videoError } from './frame-source.ts'

export interface ProbeTask extends Pick<VideoLimits, 'maxPixels'> {
  /** A path, or the content. */
  readonly content: string | Uint8Array | Blob
  readonly name: string
}

/** Nothing, or why it cannot be read. */
export interface Probed {
  readonly refusal?: Pick<FoveaError, 'code' | 'kind' | 'message'>
}

/** Milliseconds for reading the tables, and for each of their bytes: those of Matroska lie all over the file. */
const TIME = [5000, 2e-4] as const
const MOST_MEGABYTES = 512

/** One that has ended its task waits for the next; it keeps no process alive. */
let idle: Worker | undefined

function takeWorker(): Worker {
  const worker =
    idle ??
    moduleWorker(import.meta.url, 'probe-worker', { resourceLimits: { maxOldGenerationSizeMb: MOST_MEGABYTES } })
  idle = undefined
  worker.ref()
  return worker
}

async function giveBack(worker: Worker): Promise<void> {
  worker.unref()
  if (idle) await worker.terminate()
  idle ??= worker
}

/** Throws FoveaError of kind `input` for a container that cannot be read, and what `signal` gives as reason. */
export async function probe(task: ProbeTask, signal?: AbortSignal): Promise<void> {
  signal?.throwIfAborted()
  const limit = TIME[0] + TIME[1] * (await sizeOf(task.content))
  const worker = takeWorker()
  const refuse = (problem: string, cause?: unknown) =>
    videoError('video_unreadable', task.name, `${problem}; it is damaged`, cause)
  const { refusal } = await askWorker<Probed>(worker, task, { limit, signal, refuse }).catch(async (error) => {
    await worker.terminate()
    throw error
  })
  await giveBack(worker)
  if (refusal) throw new FoveaError(refusal.code, refusal.kind, refusal.message)
}

async function sizeOf(content: ProbeTask['content']): Promise<number> {
  if (typeof content === 'string') return (await stat(content)).size
  return content instanceof Blob ? content.size : content.length
}
