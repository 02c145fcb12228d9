/** A thread that reads all tables of a container and nothing else, so that it can be ended. */
import { parentPort } from 'node:worker_threads'
import { BlobSource, BufferSource, FilePathSource, Input, type Source } from 'mediabunny'
import type { FoveaError } from '../../errors.ts'
import { BEGUN } from '../../runtime/node/ask-worker.ts'
import { examine, explained, FORMATS } from './container.ts'
import type { Probed, ProbeTask } from './probe.ts'

function sourceOf({ content }: ProbeTask): Source {
  if (typeof content === 'string') return new FilePathSource(content)
  return content instanceof Blob ? new BlobSource(content) : new BufferSource(content)
}

async function probe(task: ProbeTask): Promise<Probed> {
  const { name, maxPixels } = task
  const input = new Input({ source: sourceOf(task), formats: FORMATS })
  try {
    await examine(input, name, { maxPixels })
    return {}
  } catch (error) {
    const { code, kind, message } = explained(error, name) as FoveaError
    return { refusal: { code, kind, message } }
  } finally {
    input.dispose()
  }
}

parentPort!.on('message', async (task: ProbeTask) => {
  // Loading the reader is not the file's fault.
  parentPort!.postMessage(BEGUN)
  parentPort!.postMessage(await probe(task))
})
