/** The HTTP side of a server: limits of sockets and bodies, how errors are told, what is logged. */
import { randomUUID } from 'node:crypto'
import type { FastifyInstance } from 'fastify'
import { whereMissing } from '../../errors.ts'
import { methodsAt } from '../endpoints/methods-at.ts'
import { LIMITS, type ReceiveLimits } from '../limits.ts'
import { anthropicError, type Failure, failureOf, openAiError } from './failure.ts'
import { takeJson } from './json-body.ts'

export interface LogEntry {
  readonly id: string
  readonly method: string
  readonly url: string
  readonly status: number
  readonly milliseconds: number
  /** Of a bug. */
  readonly error?: unknown
}

/** Sockets that may be open at once. */
const MOST_SOCKETS = 1024

/** Of a package that is missing. */
export const missing = whereMissing('serving a model', 'fastify', 'prom-client')

export async function buildApp({ headers, request }: ReceiveLimits): Promise<FastifyInstance> {
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

export function logEnds(app: FastifyInstance, onLog: (entry: LogEntry) => void): void {
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
