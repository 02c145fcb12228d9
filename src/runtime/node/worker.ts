/** The engine's thread: `session.run` of onnxruntime-node blocks whoever calls it, so it is called here. */
import { readFile } from 'node:fs/promises'
import { parentPort } from 'node:worker_threads'
import * as ort from 'onnxruntime-node'
import { type OrtInferenceSession, type OrtModule, OrtSession } from '../ort-session.ts'
import type { Reply, Request } from './protocol.ts'

const sessions = new Map<number, OrtSession>()

const handlers: { [T in Request['type']]: (request: Extract<Request, { type: T }>) => unknown } = {
  load: async ({ session, model, device, options }) => {
    const { files = {}, threads, profile } = options
    const created = await ort.InferenceSession.create(model, {
      executionProviders: [device],
      graphOptimizationLevel: 'all',
      logSeverityLevel: 3,
      ...(threads && { intraOpNumThreads: threads }),
      ...(profile && { enableProfiling: true, profileFilePrefix: profile }),
      externalData: await Promise.all(Object.entries(files).map(externalFile)),
    })
    sessions.set(session, new OrtSession(ort as unknown as OrtModule, created as unknown as OrtInferenceSession))
  },
  run: ({ session, feeds, options }) => sessionOf(session).run(feeds, options),
  write: ({ session, values }) => {
    for (const [key, value] of Object.entries(values)) sessionOf(session).store.set(key, value)
  },
  read: ({ session, keys }) => Object.fromEntries(keys.map((key) => [key, sessionOf(session).store.get(key)])),
  truncate: ({ session, rows }) => {
    for (const [key, count] of Object.entries(rows)) sessionOf(session).store.truncate(key, count)
  },
  forget: ({ session, keys }) => {
    for (const key of keys) sessionOf(session).store.delete(key)
  },
  release: async ({ session }) => {
    await sessionOf(session).release()
    sessions.delete(session)
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
port.on('message', async ({ id, request }: { id: number; request: Request }) => {
  let reply: Reply
  try {
    reply = { id, result: await handlers[request.type](request as never) }
  } catch (error) {
    reply = { id, error: error instanceof Error ? error.message : String(error) }
  }
  port.postMessage(reply)
})
