/** Requests to addresses that were judged before, whatever their names lead to by now. */
import { isIP } from 'node:net'
import type { RequestInit as UndiciInit } from 'undici'

/** `fetch` that connects to one of these addresses and looks up none; the name stays that of the server's certificate. */
export async function fetchPinned(addresses: readonly string[], url: URL, init: RequestInit): Promise<Response> {
  const { Agent, fetch: fetchBy } = await import('undici')
  const found = addresses.map((address) => ({ address, family: isIP(address) }))
  const lookup = (_: string, { all = false }: { all?: boolean }, done: (...found: unknown[]) => void) =>
    all ? done(null, found) : done(null, found[0].address, found[0].family)
  // The next request is judged anew, so connections are not kept for it.
  const agent = new Agent({ keepAliveTimeout: 1, keepAliveMaxTimeout: 1, connect: { lookup: lookup as never } })
  const answer = await fetchBy(url, { ...(init as UndiciInit), dispatcher: agent })
  return answer as unknown as Response
}
