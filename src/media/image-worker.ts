/** A thread in which decoders read that are programs of WebAssembly: they cannot be stopped otherwise. */
import { parentPort } from 'node:worker_threads'
import { FoveaError } from '../errors.ts'
import { BEGUN } from '../runtime/node/ask-worker.ts'
import { openHeic } from './heic.ts'
import type { ImageTask, WorkerAnswer } from './image-thread.ts'
import { openJxl } from './jxl.ts'
import type { Samples } from './samples.ts'

interface Opened {
  readonly width: number
  readonly height: number
  decode(): Promise<Samples> | Uint8Array
  close(): void
}

const openers = { heic: openHeic, jxl: openJxl }
let opened: Opened | undefined

async function work(task: ImageTask): Promise<WorkerAnswer> {
  if ('bytes' in task) {
    opened = await openers[task.format](task.bytes)
    return { size: { width: opened.width, height: opened.height } }
  }
  const decoded = await opened!.decode()
  opened!.close()
  return { decoded }
}

function refusalOf(error: unknown): WorkerAnswer {
  if (!(error instanceof FoveaError)) throw error
  const { code, kind, message } = error
  return { refusal: { code, kind, message } }
}

parentPort!.on('message', async (task: ImageTask) => {
  parentPort!.postMessage(BEGUN)
  parentPort!.postMessage(await work(task).catch(refusalOf))
})
