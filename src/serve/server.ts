/** A server that OpenAI's clients talk to: the model in a process of its own, one answer at a time, the others in line. */
import type { AddressInfo } from 'node:net'
import type { FastifyInstance } from 'fastify'
import { FoveaError } from '../errors.ts'
import type { Workshop } from './batches/batch-run.ts'
import { OwnModel } from './batches/own-model.ts'
import { RedisWorkers } from './batches/redis/redis-workers.ts'
import { Engine } from './engine/engine.ts'
import type { EngineOptions } from './engine/protocol.ts'
import { Queue } from './engine/queue.ts'
import { assertAccess, type GuardOptions } from './http/access.ts'
import { buildApp, type LogEntry, logEnds, missing } from './http/app.ts'
import { allowOrigins } from './http/cross-origin.ts'
import { guard } from './http/guard.ts'
import { addRoutes } from './http/routes.ts'
import { addStudio } from './http/studio.ts'
import { RECEIVE_LIMITS, type ReceiveLimits, STREAM_LIMITS, type StreamLimits } from './limits.ts'
import { AT_ONCE, modelIdOf, Site } from './site.ts'
import { openStorage, type Storage } from './storage/storage.ts'

export interface ServerOptions extends EngineOptions, Partial<GuardOptions> {
  /** Default 8080; 0 takes any that is free. */
  readonly port?: number
  /** Requests that may wait for their turn, default 64. */
  readonly queue?: number
  /** A folder for files and batches; they outlive the server. Absent: there are none. */
  readonly data?: string
  /** Such as `redis://127.0.0.1:6379`: batches are answered by workers there, not by this server. Needs `data`. */
  readonly redis?: string
  /** The folder of the studio's pages; those that come with the package if not given. */
  readonly studio?: string
  readonly stream?: Partial<StreamLimits>
  readonly receive?: Partial<ReceiveLimits>
  /** Told of each request that ended, and of what nobody foresaw. */
  readonly onLog?: (entry: LogEntry) => void
}

/** A server that listens. */
export interface Server {
  readonly url: string
  readonly model: string
  readonly engine: Engine
  /** Takes no more requests, ends those under way, and stops the engine. */
  close(): Promise<void>
}

/** Of keys and values of earlier prompts, where nothing else is said. */
const PREFIX_BYTES = 512 * 2 ** 20

/** Counting and tokens: so many at once, so many in line. */
const SIDE = { atOnce: 4, most: 256 }

/** Milliseconds that answers under way have when the server is closed. */
const DRAIN = 30_000

/**
 * Loads a model, and serves it.
 * @throws FoveaError kind `usage`: `key_missing` for an address that others reach without a key, `key_weak`,
 *   `origin_invalid`; `address_taken`, kind `resource`; what `openStorage` and `loadModel` throw
 */
export async function createServer(options: ServerOptions): Promise<Server> {
  const { host = '127.0.0.1', port = 8080, key, origins, queue: most = 64, data, redis, studio, ...others } = options
  const access = { host, key, origins }
  assertAccess(access)
  const { stream, receive, onLog, ...engineOptions } = others
  const { Metrics } = await import('./metrics.ts').catch(missing)
  if (redis !== undefined && data === undefined) throw redisWithoutData()
  const workers = redis === undefined ? undefined : await RedisWorkers.open(redis, modelIdOf(options.model))
  const engine = await Engine.start({ prefixBytes: PREFIX_BYTES, ...engineOptions }).catch((error: unknown) =>
    closeAfter(error, workers),
  )
  const queue = new Queue(1, most)
  const side = new Queue(SIDE.atOnce, SIDE.most)
  const shared = [side, new Metrics(options.model, queue), { ...STREAM_LIMITS, ...stream }, options.model] as const
  let storage: Storage | undefined
  try {
    const inTurn = new Site(engine, AT_ONCE, ...shared)
    const executor = workers ?? new OwnModel(inTurn, queue.patient)
    const shop = { executor, model: inTurn.modelId, tell: tellBy(onLog) }
    storage = data === undefined ? undefined : await openStorage(data, shop)
    const site = new Site(engine, queue, ...shared, storage)
    const app = await buildApp({ ...RECEIVE_LIMITS, ...receive })
    if (onLog) logEnds(app, onLog) // first: what the guard refuses is told, too
    if (origins) allowOrigins(app, origins)
    app.addHook('onRequest', guard(access))
    await addRoutes(app, site)
    await addStudio(app, studio)
    await app.listen({ host, port }).catch((cause) => {
      throw listenError(cause, host, port)
    })
    const parts = { app, storage, engine, queues: [queue, side] }
    return { url: urlOf(app, host), model: site.modelId, engine, close: () => close(parts) }
  } catch (error) {
    await (storage ?? workers)?.close()
    await engine.close()
    throw error
  }
}

async function closeAfter(error: unknown, workers: RedisWorkers | undefined): Promise<never> {
  await workers?.close()
  throw error
}

const redisWithoutData = () =>
  new FoveaError('data_missing', 'usage', 'batches over Redis need a folder for their files; give --data')

/** What keeps a batch from going on is told as a request that failed. */
const tellBy =
  (onLog: ServerOptions['onLog']): Workshop['tell'] =>
  ({ id, endpoint: url }, error) =>
    onLog?.({ id, method: 'BATCH', url, status: 500, milliseconds: 0, error })

const REASONS: Readonly<Record<string, string>> = {
  EADDRINUSE: 'something else listens there; choose another port (--port)',
  EACCES: 'this user may not listen there; choose a port from 1024 on (--port)',
  EADDRNOTAVAIL: 'this machine has no such address; choose another (--host)',
  ENOTFOUND: 'there is no such address; choose another (--host)',
}

function listenError(cause: NodeJS.ErrnoException, host: string, port: number): FoveaError {
  const reason = REASONS[cause.code ?? ''] ?? `${cause.message}; choose another address (--host, --port)`
  return new FoveaError('address_taken', 'resource', `cannot listen at ${host}:${port}: ${reason}`, { cause })
}

function urlOf(app: FastifyInstance, host: string): string {
  const { port } = app.server.address() as AddressInfo
  return `http://${host.includes(':') ? `[${host}]` : host}:${port}`
}

interface Parts {
  readonly app: FastifyInstance
  readonly storage?: Storage
  readonly engine: Engine
  readonly queues: readonly Queue[]
}

async function close({ app, storage, engine, queues }: Parts): Promise<void> {
  const patience = new Promise((resolve) => setTimeout(resolve, DRAIN).unref())
  await storage?.close()
  await Promise.race([Promise.all([...queues.map((queue) => queue.close()), app.close()]), patience])
  await engine.close()
  app.server.closeAllConnections()
}
