/** The engine's thread: `session.run` of onnxruntime-node blocks whoever calls it, so it is called here. */
import { readFile } from 'node:fs/promises'
import { parentPort, workerData } from 'node:worker_threads'
import * as ort from 'onnxruntime-node'
import { type OrtInferenceSession, type OrtModule, OrtSession } from '../ort-session.ts'
import { BUSY, type Reply, type Request, STOP } from './protocol.ts'

// Errors are thrown; the engine need not print them too.
ort.env.logLevel = 'fatal'

const sessions = new Map<number, OrtSession>()

const handlers: { [T in Request['type']]: (request: Extract<Request, { type: T }>) => unknown } = {
  load: async ({ session, model, device, options }) => {
    const { files = {}, folder, threads, profile, caches } = options
    const created = await ort.InferenceSession.create(model, {
      executionProviders: [device],
      graphOptimizationLevel: 'all',
      logSeverityLevel: 3,
      ...(threads && { intraOpNumThreads: threads }),
      // Only models of the runtime's own making are loaded: none can name a file that it should not read.
      ...(folder && { extra: { session: { model_external_initializers_file_folder_path: folder } } }),
      ...(profile && { enableProfiling: true, profileFilePrefix: profile }),
      externalData: await Promise.all(Object.entries(files).map(externalFile)),
    })
    sessions.set(
      session,
      new OrtSession(ort as unknown as OrtModule, created as unknown as OrtInferenceSession, caches),
    )
  },
  run: ({ session, feeds, options }) => sessionOf(session).run(feeds, options),
  write: ({ session, values }) => sessionOf(session).write(values),
  read: ({ session, keys }) => sessionOf(session).read(keys),
  truncate: ({ session, rows }) => sessionOf(session).truncate(rows),
  forget: ({ session, keys }) => sessionOf(session).forget(keys),
  release: async ({ session }) => {
    await sessionOf(session).release()
    sessions.delete(session)
  },
  end: async () => {
    for (const session of sessions.values()) await session.release()
    sessions.clear()
  },
}

/** Weights are read here, beside the engine, and shared by sessions that are loaded while they are still in memory. */
const fileCache = new Map<string, WeakRef<Uint8Array>>()

async function externalFile([path, content]: [string, Uint8Array | string]): Promise<{
  path: string
  data: Uint8Array
}> {
  if (typeof content !== 'string') return { path, data: content }
  const data = fileCache.get(content)?.deref() ?? new Uint8Array(await readFile(content))
  fileCache.set(content, new WeakRef(data))
  return { path, data }
}

function sessionOf(id: number): OrtSession {
  const session = sessions.get(id)
  if (!session) throw new Error('this session was released')
  return session
}

const port = parentPort!
const flags = workerData as Int32Array
// Requests are handled one after the other, as they came: a truncation must see what the run before it appended.
let last: Promise<void> = Promise.resolve()
port.on('message', (message: { id: number; request: Request }) => {
  last = last.then(() => answer(message))
})

async function answer({ id, request }: { id: number; request: Request }): Promise<void> {
  let reply: Reply
  // Before the other flag is read: whoever stops this thread sees either that it is busy or that it will not begin.
  Atomics.store(flags, BUSY, 1)
  try {
    if (Atomics.load(flags, STOP) && request.type !== 'end') throw new Error('the engine was disposed')
    reply = { id, result: await handlers[request.type](request as never) }
  } catch (error) {
    reply = { id, error: error instanceof Error ? error.message : String(error) }
  }
  Atomics.store(flags, BUSY, 0)
  Atomics.notify(flags, BUSY)
  port.postMessage(reply)
}
