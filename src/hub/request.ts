/**
 * The one place that speaks HTTP with the hub. The token goes to the hub's own origin and nowhere else, redirects are
 * followed by hand, a transfer without a byte for too long ends, and statuses become errors that say what to do.
 */
import { FoveaError } from '../errors.ts'
import { assertMayLead } from './address.ts'
import { fetchBy, fetchPinned } from './exchange.ts'
import { proxyFor } from './proxy.ts'
import { Transient } from './retry.ts'
import type { HubSettings } from './settings.ts'

export interface RequestOptions {
  readonly headers?: Readonly<Record<string, string>>
  readonly signal?: AbortSignal
  /** The model, for messages and for the page where its terms are. */
  readonly id: string
  /** For messages. */
  readonly revision: string
  /** Whether all of it must come within a few times what is waited for a byte: answers that are small. */
  readonly isSmall?: boolean
}

/** An answer with status 2xx, or 416. */
export interface Answer {
  readonly status: number
  readonly headers: Headers
  /** Hash of the content that the hub names, before any redirect. */
  readonly etag?: string
  /** The body; throws `Transient` when it stops coming. Ends the connection when left early. */
  readonly chunks: () => AsyncGenerator<Uint8Array>
  /** Ends the connection without reading. */
  readonly close: () => void
}

const MAX_REDIRECTS = 5
const LONGEST_WAIT_SECONDS = 60
const TRANSIENT = new Set([408, 429, 500, 502, 503, 504])

/**
 * One GET; it is not repeated.
 * @throws Transient where another attempt may help
 * @throws FoveaError kind `network`: `hub_denied`, `hub_not_found`, `hub_busy`, `hub_redirect`, `hub_status`,
 *   `proxy_denied`
 */
export async function request(settings: HubSettings, url: string, options: RequestOptions): Promise<Answer> {
  const watch = watchdog(settings.idleMs, options)
  try {
    const { response, etag } = await follow(settings, url, options.headers, watch.signal)
    const close = () => {
      watch.stop()
      void response.body?.cancel().catch(() => undefined) // already ended
    }
    if (response.ok || response.status === 416) {
      const chunks = () => readChunks(response, watch, options.signal, close)
      return { status: response.status, headers: response.headers, etag, chunks, close }
    }
    close()
    throw statusError(response, settings, options)
  } catch (error) {
    watch.stop()
    throw networkError(error, options.signal, watch.signal)
  }
}

/** The text of an answer of at most `limit` bytes. */
export async function readText({ chunks }: Answer, limit: number, url: string): Promise<string> {
  return new TextDecoder().decode(await readBytes(chunks(), limit, url))
}

export async function readBytes(chunks: AsyncIterable<Uint8Array>, limit: number, url: string): Promise<Uint8Array> {
  const parts: Uint8Array[] = []
  let length = 0
  for await (const chunk of chunks) {
    length += chunk.length
    if (length > limit) throw new FoveaError('hub_answer_invalid', 'network', `${url}: more than ${limit} bytes came`)
    parts.push(chunk)
  }
  return Buffer.concat(parts)
}

interface Watchdog {
  readonly signal: AbortSignal
  /** Told of every piece that came. */
  readonly came: (bytes: number) => void
  readonly stop: () => void
}

/** A connection that brings less is as good as none; counted over the time that is waited for a byte. */
const LEAST_BYTES_PER_SECOND = 256
/** How many times that time a small answer may take in all. */
const SMALL_ANSWER = 3

/**
 * A signal that fires with `Transient` when too little comes in each `idleMs`, when a small answer takes too long, or when
 * that of the caller does.
 */
function watchdog(idleMs: number, { signal: outer, isSmall }: RequestOptions): Watchdog {
  const controller = new AbortController()
  const expire = (problem: string) => controller.abort(new Transient(problem))
  let [isBegun, bytes] = [false, 0]
  const look = () => {
    const least = isBegun ? (LEAST_BYTES_PER_SECOND * idleMs) / 1000 : 1
    if (bytes < least) expire(`${bytes === 0 ? 'not a byte' : `only ${bytes} bytes`} came for ${idleMs / 1000} s`)
    bytes = 0
  }
  const timers = [setInterval(look, idleMs)]
  const limit = SMALL_ANSWER * idleMs
  if (isSmall) timers.push(setInterval(() => expire(`it was not there after ${limit / 1000} s`), limit))
  const end = () => controller.abort(outer?.reason)
  outer?.addEventListener('abort', end)
  if (outer?.aborted) end()
  const stop = () => {
    for (const timer of timers) clearInterval(timer)
    outer?.removeEventListener('abort', end)
  }
  const came = (count: number) => {
    isBegun = true
    bytes += count
  }
  return { signal: controller.signal, came, stop }
}

async function* readChunks(
  response: Response,
  watch: Watchdog,
  outer: AbortSignal | undefined,
  close: () => void,
): AsyncGenerator<Uint8Array> {
  try {
    for await (const chunk of (response.body ?? []) as AsyncIterable<Uint8Array>) {
      watch.came(chunk.length)
      yield chunk
    }
  } catch (error) {
    throw networkError(error, outer, watch.signal)
  } finally {
    close()
  }
}

/** Follows redirects; the token stays with the hub, and https stays https. */
async function follow(
  settings: HubSettings,
  address: string,
  headers: RequestOptions['headers'],
  signal: AbortSignal,
): Promise<{ response: Response; etag?: string }> {
  const hub = new URL(settings.endpoint).origin
  let url = new URL(address)
  let etag: string | undefined
  let judged: readonly string[] = []
  for (let hops = 0; hops <= MAX_REDIRECTS; hops++) {
    const sent = new Headers({ 'user-agent': 'fovea', 'accept-encoding': 'identity', ...headers })
    if (settings.token && url.origin === hub) sent.set('authorization', `Bearer ${settings.token}`)
    const response = await send(settings, url, { headers: sent, redirect: 'manual', signal }, judged)
    etag ??= etagOf(response.headers, url.origin === hub)
    const location = response.headers.get('location')
    if (response.status < 300 || response.status > 399 || !location) return { response, etag }
    await response.body?.cancel()
    const next = redirected(url, location)
    // What a proxy reaches, only the proxy can look up.
    judged = proxyFor(next, settings.proxies) ? [] : await assertMayLead(url, next)
    url = next
  }
  throw new FoveaError('hub_redirect', 'network', `${address}: more than ${MAX_REDIRECTS} redirects`)
}

/** One request. Throws `proxy_denied`; of other failures of a proxy what it is. */
async function send(
  { proxies }: HubSettings,
  url: URL,
  init: RequestInit,
  judged: readonly string[],
): Promise<Response> {
  const proxy = proxyFor(url, proxies)
  if (!proxy) return judged.length > 0 ? fetchPinned(judged, url, init) : fetch(url, init)
  const response = await fetchBy(proxy.at, url, init).catch((error) => {
    throw init.signal?.aborted ? error : proxyError(proxy.shown, error)
  })
  if (response.status !== 407) return response
  await response.body?.cancel()
  throw proxyError(proxy.shown, new Error('(407)'))
}

function proxyError(proxy: string, error: Error): FoveaError | Transient {
  const causes = causesOf(error)
  const denied = 'it wants a name and a password (407), as in http://name:password@host:port'
  if (causes.some(({ message }) => /\(407\)/.test(message)))
    return new FoveaError('proxy_denied', 'network', `${proxy}: ${denied}`)
  const { code, message } = causes[causes.length - 1] as NodeJS.ErrnoException
  return new Transient(`the connection through ${proxy} failed: ${code || message}`)
}

/** An error, what caused it, what caused that, and so on. */
const causesOf = (error: Error): Error[] => [error, ...(error.cause instanceof Error ? causesOf(error.cause) : [])]

function redirected(from: URL, location: string): URL {
  const to = URL.canParse(location, from.href) ? new URL(location, from) : undefined
  const isSafe = to && (to.protocol === 'https:' || (to.protocol === 'http:' && from.protocol === 'http:'))
  if (isSafe && !to.username && !to.password) return to
  throw new FoveaError('hub_redirect', 'network', `${from.host} redirects to an address that is refused: ${location}`)
}

/** Storage hosts have hashes of their own; only the hub's count. */
function etagOf(headers: Headers, isHub: boolean): string | undefined {
  const text = headers.get('x-linked-etag') ?? (isHub ? headers.get('etag') : undefined)
  return text?.replace(/^W\//, '').replaceAll('"', '')
}

/** What another attempt may mend as `Transient`; the caller's own abort as it is. */
function networkError(error: unknown, outer: AbortSignal | undefined, watched: AbortSignal): unknown {
  outer?.throwIfAborted()
  if (watched.aborted) return watched.reason
  if (error instanceof FoveaError || error instanceof Transient) return error
  const { cause, message } = error as Error & { cause?: NodeJS.ErrnoException }
  return new Transient(`the connection failed: ${cause?.code ?? cause?.message ?? message}`)
}

function statusError(
  { status, headers }: Response,
  settings: HubSettings,
  { id, revision }: RequestOptions,
): FoveaError | Transient {
  const fail = (code: string, message: string) => new FoveaError(code, 'network', `${id}: ${message}`)
  const page = `${settings.endpoint}/${id}`
  if (TRANSIENT.has(status)) {
    const seconds = retryAfter(headers)
    if (seconds === undefined || seconds <= LONGEST_WAIT_SECONDS)
      return new Transient(`the hub answered with status ${status}`, seconds === undefined ? undefined : 1000 * seconds)
    return fail('hub_busy', `the hub answered with status ${status} and asks to come back in ${seconds} s`)
  }
  const token = settings.token ? 'the token does not allow it' : 'no token was sent'
  const terms = `if it is gated, accept its terms at ${page}; then set HF_TOKEN to a token of that account`
  if (status === 403) return fail('hub_denied', `access was refused (403), ${token}; ${terms}`)
  const missing = `there is no such folder here, and no such model at ${settings.endpoint}`
  if (status === 401) return fail('hub_denied', `${missing} for everyone (401), ${token}; check the spelling; ${terms}`)
  const what = headers.get('x-error-code')
  if (what === 'RevisionNotFound') return fail('hub_not_found', `it has no revision "${revision}"; see ${page}`)
  if (status === 404)
    return fail('hub_not_found', `${missing} (404); check the spelling: org/name or org/name@revision`)
  return fail('hub_status', `${settings.endpoint} answered with status ${status}`)
}

/** Seconds that `Retry-After` asks for, as a number or as a date. */
function retryAfter(headers: Headers): number | undefined {
  const text = headers.get('retry-after')
  if (!text) return undefined
  const seconds = /^\d+$/.test(text) ? Number(text) : (Date.parse(text) - Date.now()) / 1000
  return Number.isFinite(seconds) ? Math.max(0, Math.ceil(seconds)) : undefined
}
