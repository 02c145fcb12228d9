/** Ends in one of several ways, in its main thread or in a worker, while the engine computes. */
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads'
import { beginLongRun } from './long-run.ts'

const [where, how] = isMainThread ? process.argv.slice(2) : (workerData as string[])

async function end(): Promise<void> {
  await beginLongRun()
  parentPort?.postMessage('computing')
  if (how === 'exit') process.exit(7)
  if (how === 'throw')
    setTimeout(() => {
      throw new Error('a fault of the program')
    })
}

/** A worker runs this file again. */
function startWorker(): Worker {
  const source = JSON.stringify(import.meta.url)
  const load = `import('tsx/esm/api').then(({ register }) => { register(); return import(${source}) })`
  return new Worker(load, { eval: true, workerData: [where, how] })
}

if (where === 'main' || !isMainThread) await end()
else {
  const worker = startWorker()
  worker.on('error', (error) => console.log(`caught: ${error.message}`))
  worker.on('exit', (code) => console.log(`the worker ended with ${code}`))
  worker.on('message', () => {
    if (how === 'terminate') void worker.terminate()
    if (how === 'main exits') process.exit(7)
    if (how === 'main throws') throw new Error('a fault of the program')
  })
}
