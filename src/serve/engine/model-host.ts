/** A process that holds a model and does the jobs that the server sends; it ends with the server. */
import type { Progress } from './job.ts'
import { sentError } from './job-error.ts'
import { type Opened, openModel } from './opened.ts'
import type { FromEngine, ToEngine } from './protocol.ts'
import { runJob } from './run-job.ts'

const running = new Map<number, AbortController>()
let opened: Promise<Opened> | undefined

const tell = (message: FromEngine): void => {
  process.send?.(message, () => {})
}

async function open(options: Extract<ToEngine, { type: 'open' }>['options']): Promise<void> {
  opened = openModel(options)
  try {
    tell({ type: 'open', facts: (await opened).facts })
  } catch (error) {
    tell({ type: 'closed', error: sentError(error) })
  }
}

async function run({ id, job }: Extract<ToEngine, { type: 'job' }>): Promise<void> {
  const controller = new AbortController()
  running.set(id, controller)
  try {
    const work = { signal: controller.signal, tell: (progress: Progress) => tell({ type: 'progress', id, progress }) }
    tell({ type: 'done', id, result: await runJob(await opened!, job, work) })
  } catch (error) {
    if (process.env.FOVEA_DEBUG) console.error(error)
    tell({ type: 'failed', id, error: sentError(error) })
  } finally {
    running.delete(id)
  }
}

process.on('message', (message: ToEngine) => {
  if (message.type === 'open') void open(message.options)
  else if (message.type === 'cancel') running.get(message.id)?.abort()
  else void run(message)
})
process.on('disconnect', () => process.kill(process.pid, 'SIGKILL'))
// Ctrl-C reaches every process of a terminal; the server decides when this one ends.
process.on('SIGINT', () => {})
process.on('SIGTERM', () => {})
