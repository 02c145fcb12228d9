import multipart from '@fastify/multipart'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { FoveaError } from '../../errors.ts'
import { checked, type Endpoint } from '../endpoint.ts'
import { endpoints } from '../endpoints/index.ts'
import type { Site } from '../site.ts'
import { UPLOAD_LIMITS } from '../storage/upload.ts'
import { goneSignal } from './gone.ts'

/** Adds all endpoints; forms are read only where a file is taken. */
export async function addRoutes(app: FastifyInstance, site: Site): Promise<void> {
  for (const each of endpoints) if (!each.takesFile) addRoute(app, site, each)
  await app.register(async (scope) => {
    await scope.register(multipart, { limits: UPLOAD_LIMITS, throwFileSizeLimit: false })
    for (const each of endpoints) if (each.takesFile) addRoute(scope, site, each)
  })
}

function addRoute(
  app: FastifyInstance,
  site: Site,
  { method, url, body, query, isOpen = false, takesFile, handle }: Endpoint,
): void {
  app.route({
    method,
    url,
    config: { isOpen },
    handler: async (request, reply) => {
      if (takesFile) assertForm(request)
      const call = {
        body: body && checked(body, request.body),
        query: query && checked(query, request.query),
        params: request.params as Readonly<Record<string, string>>,
        signal: goneSignal(reply),
        reply,
        ...(takesFile && { parts: () => request.parts() }),
      }
      const handled = handle(site, call)
      return takesFile ? handled.catch(endingBody(request, reply)) : handled
    },
  })
}

function assertForm(request: FastifyRequest): void {
  if (request.isMultipart()) return
  throw new FoveaError(
    'unsupported_media',
    'usage',
    'the body must be multipart/form-data, with a file and its purpose',
  )
}

/** The rest of a file that is refused is not read: it may be endless. */
const endingBody =
  ({ raw }: FastifyRequest, reply: FastifyReply) =>
  (error: unknown): never => {
    if (!raw.complete) void reply.header('connection', 'close')
    throw error
  }
