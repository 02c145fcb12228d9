import { FoveaError } from '../../errors.ts'
import { addressesOf, placeOf } from '../../hub/address.ts'
import { fetchPinned } from '../../hub/exchange.ts'
import { LIMITS } from '../limits.ts'

const MAX_REDIRECTS = 5
/** Milliseconds for all of it. */
const PATIENCE = 30_000

export interface FetchOptions {
  readonly signal?: AbortSignal
  /** Whether an address may be asked; default: those of the open internet. */
  readonly mayReach?: (address: string) => boolean
}

const refused = (message: string, options?: ErrorOptions): FoveaError =>
  new FoveaError('image_fetch', 'network', message, options)

/**
 * The bytes at an http or https address that somebody else named. Hosts are looked up once, judged, and asked under the
 * addresses that were judged, at each redirect anew; https stays https. Proxies are not used: they look names up themselves.
 * @throws FoveaError kind `network` `image_fetch`, kind `input` `image_too_large`; the reason of `signal`
 */
export async function fetchImage(
  address: string,
  { signal, mayReach = isOpen }: FetchOptions = {},
): Promise<Uint8Array> {
  const patience = AbortSignal.timeout(PATIENCE)
  const either = signal ? AbortSignal.any([signal, patience]) : patience
  try {
    const response = await follow(address, mayReach, either)
    if (response.ok) return await bytesOf(response, address)
    await response.body?.cancel()
    throw refused(`${address}: the server answered with status ${response.status}; give an address of an image`)
  } catch (error) {
    signal?.throwIfAborted()
    if (error instanceof FoveaError) throw error
    if (patience.aborted) throw refused(`${address}: it was not there after ${PATIENCE / 1000} s`)
    const { cause, message } = error as Error & { cause?: NodeJS.ErrnoException }
    throw refused(`${address}: the connection failed: ${cause?.code ?? cause?.message ?? message}`, { cause: error })
  }
}

const isOpen = (address: string): boolean => placeOf(address) === 'open'

async function follow(address: string, mayReach: (address: string) => boolean, signal: AbortSignal): Promise<Response> {
  let url = parsed(address)
  for (let hops = 0; hops <= MAX_REDIRECTS; hops++) {
    const addresses = await addressesOf(url.hostname)
    if (addresses.length === 0) throw refused(`${url.host}: there is no such host`)
    if (!addresses.every(mayReach)) throw refused(`${url.host} is an address of a private network, which is not asked`)
    const headers = { 'user-agent': 'fovea', accept: 'image/*' }
    const response = await fetchPinned(addresses, url, { headers, redirect: 'manual', signal })
    const location = response.headers.get('location')
    if (response.status < 300 || response.status > 399 || !location) return response
    await response.body?.cancel()
    url = parsed(location, url)
  }
  throw refused(`${address}: more than ${MAX_REDIRECTS} redirects`)
}

function parsed(text: string, from?: URL): URL {
  const url = URL.canParse(text, from?.href) ? new URL(text, from) : undefined
  const isSafe = url && (url.protocol === 'https:' || (url.protocol === 'http:' && from?.protocol !== 'https:'))
  if (isSafe && !url.username && !url.password) return url
  throw refused(from ? `${from.host} redirects to an address that is refused` : 'this is no address that can be asked')
}

async function bytesOf(response: Response, address: string): Promise<Uint8Array> {
  const parts: Uint8Array[] = []
  let length = 0
  for await (const part of (response.body ?? []) as AsyncIterable<Uint8Array>) {
    length += part.length
    if (length > LIMITS.imageBytes) {
      const message = `${address}: more than ${LIMITS.imageBytes / 2 ** 20} MiB, which is the limit; name a smaller image`
      throw new FoveaError('image_too_large', 'input', message)
    }
    parts.push(part)
  }
  return Buffer.concat(parts)
}
