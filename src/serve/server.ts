/** A server that OpenAI's clients talk to: the model in a process of its own, one answer at a time, the others in line. */
import { randomUUID } from 'node:crypto'
import type { AddressInfo } from 'node:net'
import type { FastifyInstance } from 'fastify'
import { FoveaError, whereMissing } from '../errors.ts'
import { checked, type Endpoint } from './endpoint.ts'
import { endpoints } from './endpoints/index.ts'
import { methodsAt } from './endpoints/methods-at.ts'
import { Engine } from './engine/engine.ts'
import type { EngineOptions } from './engine/protocol.ts'
import { Queue } from './engine/queue.ts'
import { assertAccess, type GuardOptions } from './http/access.ts'
import { allowOrigins } from './http/cross-origin.ts'
import { anthropicError, type Failure, failureOf, openAiError } from './http/failure.ts'
import { goneSignal } from './http/gone.ts'
import { guard } from './http/guard.ts'
import { takeJson } from './http/json-body.ts'
import { LIMITS, RECEIVE_LIMITS, type ReceiveLimits, STREAM_LIMITS, type StreamLimits } from './limits.ts'
import { Site } from './site.ts'

export interface ServerOptions extends EngineOptions, Partial<GuardOptions> {
  /** Default 8080; 0 takes any that is free. */
  readonly port?: number
  /** Requests that may wait for their turn, default 64. */
  readonly queue?: number
  readonly stream?: Partial<StreamLimits>
  readonly receive?: Partial<ReceiveLimits>
  /** Told of each request that ended, and of what nobody foresaw. */
  readonly onLog?: (entry: LogEntry) => void
}

export interface LogEntry {
  readonly id: string
  readonly method: string
  readonly url: string
  readonly status: number
  readonly milliseconds: number
  /** Of a bug. */
  readonly error?: unknown
}

/** A server that listens. */
export interface Server {
  readonly url: string
  readonly model: string
  readonly engine: Engine
  /** Takes no more requests, ends those under way, and stops the engine. */
  close(): Promise<void>
}

/** Counting and tokens: so many at once, so many in line. */
const SIDE = { atOnce: 4, most: 256 }

/** Sockets that may be open at once. */
const MOST_SOCKETS = 1024

/** Milliseconds that answers under way have when the server is closed. */
const DRAIN = 30_000

/**
 * Loads a model, and serves it.
 * @throws FoveaError kind `usage`: `key_missing` for an address that others reach without a key, `key_weak`,
 *   `origin_invalid`; `address_taken`, kind `resource`; what `loadModel` throws
 */
export async function createServer(options: ServerOptions): Promise<Server> {
  const { host = '127.0.0.1', port = 8080, key, origins, queue: most = 64, ...others } = options
  const access = { host, key, origins }
  assertAccess(access)
  const { stream, receive, onLog, ...engineOptions } = others
  const { Metrics } = await import('./metrics.ts').catch(missing)
  const engine = await Engine.start(engineOptions)
  const queue = new Queue(1, most)
  const side = new Queue(SIDE.atOnce, SIDE.most)
  const metrics = new Metrics(options.model, queue)
  const site = new Site(engine, queue, side, metrics, { ...STREAM_LIMITS, ...stream }, options.model)
  try {
    const app = await buildApp({ ...RECEIVE_LIMITS, ...receive })
    if (onLog) logEnds(app, onLog) // first: what the guard refuses is told, too
    if (origins) allowOrigins(app, origins)
    app.addHook('onRequest', guard(access))
    for (const each of endpoints) addRoute(app, site, each)
    await app.listen({ host, port }).catch((cause) => {
      throw listenError(cause, host, port)
    })
    return { url: urlOf(app, host), model: site.modelId, engine, close: () => close(app, site) }
  } catch (error) {
    await engine.close()
    throw error
  }
}

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

/** Of a package that is missing. */
const missing = whereMissing('serving a model', 'fastify', 'prom-client')

async function buildApp({ headers, request }: ReceiveLimits): Promise<FastifyInstance> {
  const { default: Fastify } = await import('fastify').catch(missing)
  const app = Fastify({
    logger: false,
    bodyLimit: LIMITS.bodyBytes,
    requestTimeout: request,
    genReqId: () => randomUUID(),
    forceCloseConnections: 'idle',
    http: {
      maxHeaderSize: LIMITS.headerBytes,
      headersTimeout: headers,
      requestTimeout: request,
      connectionsCheckingInterval: Math.min(5000, headers / 2),
    },
  })
  app.server.maxConnections = MOST_SOCKETS
  takeJson(app)
  app.setErrorHandler((error, { url, raw }, reply) => {
    const failure = failureOf(error)
    if (failure.status === 500) Object.assign(raw, { failure: error })
    if (failure.retryAfter) void reply.header('retry-after', String(failure.retryAfter))
    void reply.code(failure.status).send(errorForm(url)(failure))
  })
  app.setNotFoundHandler(({ url, method }, reply) => {
    const methods = methodsAt(url)
    if (methods.length > 0) void reply.header('allow', methods.join(', '))
    const failure = nothingThere(method, methods)
    void reply.code(failure.status).send(errorForm(url)(failure))
  })
  return app
}

function nothingThere(method: string, taken: readonly string[]): Failure {
  if (taken.length === 0)
    return { status: 404, code: 'not_found', message: 'there is nothing at this address', param: null }
  const message = `${method} is not taken at this address; ask with ${taken[0]}`
  return { status: 405, code: 'method_not_allowed', message, param: null }
}

/** Clients of Anthropic look for errors in their own form. */
const errorForm = (url: string) => (url.startsWith('/v1/messages') ? anthropicError : openAiError)

function addRoute(app: FastifyInstance, site: Site, { method, url, body, handle }: Endpoint): void {
  app.route({
    method,
    url,
    handler: async (request, reply) => {
      const call = {
        body: body && checked(body, request.body),
        params: request.params as Readonly<Record<string, string>>,
        signal: goneSignal(reply),
        reply,
      }
      return handle(site, call)
    },
  })
}

function logEnds(app: FastifyInstance, onLog: (entry: LogEntry) => void): void {
  app.addHook('onRequest', async ({ id, method, url, raw }, reply) => {
    const started = performance.now()
    reply.raw.on('close', () => {
      const isGone = !reply.raw.writableFinished
      const status = isGone ? 499 : reply.raw.statusCode
      const { failure: error } = raw as { failure?: unknown }
      onLog({
        id,
        method,
        url,
        status,
        milliseconds: performance.now() - started,
        ...(error !== undefined && { error }),
      })
    })
  })
}

function urlOf(app: FastifyInstance, host: string): string {
  const { port } = app.server.address() as AddressInfo
  return `http://${host.includes(':') ? `[${host}]` : host}:${port}`
}

async function close(app: FastifyInstance, { queue, sideQueue, engine }: Site): Promise<void> {
  const patience = new Promise((resolve) => setTimeout(resolve, DRAIN).unref())
  await Promise.race([Promise.all([queue.close(), sideQueue.close(), app.close()]), patience])
  await engine.close()
  app.server.closeAllConnections()
}
