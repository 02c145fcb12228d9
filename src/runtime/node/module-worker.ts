import { Worker, type WorkerOptions } from 'node:worker_threads'

/**
 * A worker thread that runs the module `name` beside the caller's. From sources it is TypeScript, so its thread needs the
 * loader first; in the build it is an entry of that name.
 * @param caller `import.meta.url`
 */
export function moduleWorker(caller: string, name: string, options: WorkerOptions): Worker {
  if (!caller.endsWith('.ts')) return new Worker(new URL(`./${name}.js`, caller), options)
  const source = JSON.stringify(new URL(`./${name}.ts`, caller).href)
  const load = `import('tsx/esm/api').then(({ register }) => { register(); return import(${source}) })`
  return new Worker(load, { ...options, eval: true })
}
