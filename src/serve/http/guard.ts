/** Who may ask: holders of the key, at a name of this server, from no foreign page. */
import { createHash, timingSafeEqual } from 'node:crypto'
import type { FastifyRequest } from 'fastify'
import { FoveaError } from '../../errors.ts'
import { type GuardOptions, isLoopback } from './access.ts'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Given to whoever asks, before anybody has a key. */
    readonly isOpen?: boolean
  }
}

/** A hook for every request. It throws FoveaError `host_refused`, `origin_refused`, `key_invalid`. */
export function guard(options: GuardOptions): (request: FastifyRequest) => Promise<void> {
  const digest = options.key === undefined ? undefined : digestOf(options.key)
  return async (request) => {
    assertHost(request, options)
    assertOrigin(request, options)
    if (digest && !request.routeOptions.config?.isOpen) assertKey(request, digest)
  }
}

/** A page whose name was made to point to this machine still says its own name. */
function assertHost({ headers }: FastifyRequest, { host }: GuardOptions): void {
  if (!isLoopback(host)) return
  const name = nameOf(`http://${headers.host}`)
  if (name !== undefined && isLoopback(name)) return
  throw new FoveaError('host_refused', 'usage', 'this server answers at localhost only')
}

function assertOrigin({ headers }: FastifyRequest, { origins = [] }: GuardOptions): void {
  const { origin } = headers
  if (origin === undefined || origins.includes(origin) || origin === `http://${headers.host}`) return
  throw new FoveaError('origin_refused', 'usage', 'pages of other origins may not ask; see --origin')
}

function assertKey({ raw }: FastifyRequest, digest: Buffer): void {
  const given = [...(raw.headersDistinct.authorization ?? []), ...(raw.headersDistinct['x-api-key'] ?? [])]
  const keys = given.map((text) => text.replace(/^Bearer /i, ''))
  const isKnown = keys.length > 0 && keys.map((key) => timingSafeEqual(digestOf(key), digest)).every(Boolean)
  if (!isKnown) throw new FoveaError('key_invalid', 'usage', 'the key is missing or wrong; send it as Bearer token')
}

const digestOf = (key: string): Buffer => createHash('sha256').update(key).digest()

function nameOf(url: string): string | undefined {
  try {
    return new URL(url).hostname.replace(/^\[|\]$/g, '')
  } catch {
    return undefined
  }
}
