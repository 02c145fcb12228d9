/** What browsers ask before they let a page of another origin read an answer (the Fetch standard, CORS). */
import type { FastifyInstance } from 'fastify'

/** Seconds for which a browser need not ask again. */
const REMEMBERED = 600

/** Tells browsers that pages of `origins` may ask and read; for all others the guard refuses. */
export function allowOrigins(app: FastifyInstance, origins: readonly string[]): void {
  app.addHook('onRequest', async ({ headers, method }, reply) => {
    const { origin } = headers
    if (origin === undefined || !origins.includes(origin)) return
    void reply.header('access-control-allow-origin', origin).header('vary', 'origin')
    const { 'access-control-request-method': asked, 'access-control-request-headers': names } = headers
    if (method !== 'OPTIONS' || asked === undefined) return
    if (names !== undefined) void reply.header('access-control-allow-headers', names)
    void reply.header('access-control-allow-methods', 'GET, POST, DELETE').header('access-control-max-age', REMEMBERED)
    return reply.code(204).send()
  })
}
