/** One GET over a connection of its own, where `fetch` cannot be told which way to take: to given addresses, or by a proxy. */
import { type IncomingMessage, type RequestOptions, request } from 'node:http'
import { request as requestSecurely } from 'node:https'
import { isIP, type Socket } from 'node:net'
import { Readable } from 'node:stream'
import { connect } from 'node:tls'

const isSecure = ({ protocol }: URL): boolean => protocol === 'https:'
const requestOf = (url: URL) => (isSecure(url) ? requestSecurely : request)
/** The name of a host as sockets take it: IPv6 without its brackets. */
const hostOf = ({ hostname }: URL): string => hostname.replace(/^\[(.*)\]$/, '$1')

/**
 * `fetch` that connects to one of these addresses and looks up none, so that it reaches what was judged, whatever a name
 * leads to by now; the name stays that of the server's certificate. Redirects are answers, bodies come as they were sent.
 * @throws TypeError as `fetch` does, with its cause
 */
export async function fetchPinned(addresses: readonly string[], url: URL, init: RequestInit): Promise<Response> {
  const found = addresses.map((address) => ({ address, family: isIP(address) }))
  const lookup = (_: string, { all }: { all?: boolean }, done: (...found: unknown[]) => void) =>
    all ? done(null, found) : done(null, found[0].address, found[0].family)
  return exchange(url, init, { agent: false, lookup: lookup as never })
}

/** `fetch` by an HTTP proxy: it is asked for plain addresses itself, and for a tunnel to others. Otherwise as `fetchPinned`. */
export async function fetchBy(proxy: URL, url: URL, init: RequestInit): Promise<Response> {
  const identity = identityOf(proxy)
  if (!isSecure(url)) {
    const headers = { host: url.host, ...headersOf(init), ...identity }
    return exchange(proxy, { ...init, headers }, { agent: false, path: url.href })
  }
  const tunnel = await failing(openTunnel(proxy, url, identity, init.signal ?? undefined))
  const name = hostOf(url)
  const createConnection = () => connect({ socket: tunnel, host: name, servername: isIP(name) ? '' : name })
  return exchange(url, init, { createConnection })
}

/** Throws where the proxy gives none; its status is in brackets. */
function openTunnel(proxy: URL, { hostname, port }: URL, identity: object, signal?: AbortSignal): Promise<Socket> {
  const path = `${hostname}:${port || 443}`
  return new Promise((resolve, reject) => {
    const options = { method: 'CONNECT', agent: false as const, path, headers: { host: path, ...identity }, signal }
    const asked = requestOf(proxy)({ ...placeOf(proxy), ...options })
    asked.on('error', reject)
    asked.on('connect', ({ statusCode }, socket) => {
      if (statusCode === 200) return resolve(socket as Socket)
      socket.destroy()
      reject(new Error(`no tunnel was opened (${statusCode})`))
    })
    asked.end()
  })
}

function exchange(url: URL, init: RequestInit, options: RequestOptions): Promise<Response> {
  const headers = { 'accept-encoding': 'identity', ...headersOf(init) }
  const answer = new Promise<IncomingMessage>((resolve, reject) => {
    const asked = requestOf(url)({ ...placeOf(url), ...options, headers, signal: init.signal ?? undefined })
    asked.on('error', reject).on('response', resolve).end()
  })
  return failing(answer.then(asResponse))
}

const placeOf = (url: URL) => ({ host: hostOf(url), port: url.port || undefined, path: url.pathname + url.search })

const headersOf = ({ headers }: RequestInit): Record<string, string> => Object.fromEntries(new Headers(headers))

function identityOf({ username, password }: URL): Record<string, string> {
  if (!username && !password) return {}
  const words = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`
  return { 'proxy-authorization': `Basic ${Buffer.from(words).toString('base64')}` }
}

/** Statuses that have no body. */
const EMPTY = new Set([204, 205, 304])

function asResponse(message: IncomingMessage): Response {
  const status = message.statusCode ?? 0
  const headers = new Headers()
  for (const [name, values] of Object.entries(message.headersDistinct))
    for (const value of values ?? []) headers.append(name, value)
  if (EMPTY.has(status)) message.resume()
  const body = EMPTY.has(status) ? null : (Readable.toWeb(message) as ReadableStream<Uint8Array>)
  return new Response(body, { status, headers })
}

const failing = <T>(promise: Promise<T>): Promise<T> =>
  promise.catch((cause) => {
    throw new TypeError('fetch failed', { cause })
  })
