/** Where a server listens, and who may ask. */
import { isIP } from 'node:net'
import { FoveaError } from '../../errors.ts'

export interface GuardOptions {
  readonly host: string
  /** At least 16 characters. */
  readonly key?: string
  /** Pages of other origins that may ask, such as `http://localhost:5173`. */
  readonly origins?: readonly string[]
}

/** Shorter keys are found by trying. */
const SHORTEST_KEY = 16

/** What a header carries as it is. */
const VISIBLE = /^[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?$/

const refuse = (code: string, message: string): FoveaError => new FoveaError(code, 'usage', message)

export const isLoopback = (host: string): boolean =>
  host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'))

/**
 * Throws FoveaError kind `usage`: `key_missing` where anybody on the network could ask, `key_weak`, `origin_invalid` for
 * what no browser would send.
 */
export function assertAccess({ host, key, origins = [] }: GuardOptions): void {
  if (key === undefined && !isLoopback(host)) {
    const message = `on ${host} anybody on the network can ask; give a key (--key, or FOVEA_KEY) or use 127.0.0.1`
    throw refuse('key_missing', message)
  }
  if (key !== undefined) assertKeyForm(key)
  for (const origin of origins) assertOriginForm(origin)
}

function assertKeyForm(key: string): void {
  const problem =
    key.length < SHORTEST_KEY
      ? `has ${key.length} character${key.length === 1 ? '' : 's'}, so it can be guessed; give at least ${SHORTEST_KEY}`
      : VISIBLE.test(key)
        ? undefined
        : 'has characters that a request header cannot carry; give visible ASCII characters'
  if (problem) throw refuse('key_weak', `the key (--key, or FOVEA_KEY) ${problem}: openssl rand -hex 24 makes one`)
}

/** As a browser writes it: scheme, host, and the port where it is not the usual one. */
function assertOriginForm(text: string): void {
  if (/^[a-z][a-z0-9+.-]*:\/\/[^/\s?#@\\]+$/.test(text) && isUnchanged(text)) return
  const meant = URL.canParse(text) ? new URL(text).origin : 'null'
  const hint = meant === 'null' ? 'give one such as http://localhost:5173' : `did you mean ${meant}?`
  throw refuse('origin_invalid', `--origin ${JSON.stringify(text)} is no origin of a page; ${hint}`)
}

/** Of schemes that browsers alone know, `origin` is null. */
function isUnchanged(text: string): boolean {
  if (!URL.canParse(text)) return false
  const { origin } = new URL(text)
  return origin === text || origin === 'null'
}
