/** A process that holds an engine thread and nothing else; it ends with whoever started it, in the middle of a run too. */

import type { Message } from './engine.ts'
import { startWorker } from './engine-thread.ts'

const worker = startWorker(new Int32Array(new SharedArrayBuffer(8)))
worker.on('message', (reply) => process.send?.(reply, () => {}))
process.on('message', (message: Message) => worker.postMessage(message))
process.on('disconnect', () => process.kill(process.pid, 'SIGKILL'))
// Ctrl-C reaches every process of a terminal; when this one ends, the other decides.
process.on('SIGINT', () => {})
