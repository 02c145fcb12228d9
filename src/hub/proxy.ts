/** How requests leave this machine: directly, or through the proxy that HTTPS_PROXY, HTTP_PROXY and NO_PROXY name. */
import type { EnvHttpProxyAgent, RequestInit as UndiciInit } from 'undici'
import { FoveaError } from '../errors.ts'

/** Addresses of proxies for each kind of request, and the hosts that need none. */
export interface Proxies {
  readonly http?: string
  readonly https?: string
  /** As in NO_PROXY: names, also of domains, with or without a port, divided by commas; `*` is all. */
  readonly none: string
}

type Environment = Readonly<Record<string, string | undefined>>

/**
 * The proxies of an environment, of which names in small letters go before others, as in other programs; undefined where
 * it names none.
 * @throws FoveaError kind `usage`, `setting_invalid`
 */
export function proxiesOf(env: Environment): Proxies | undefined {
  const named = (name: string) => env[name.toLowerCase()] || env[name]
  const [http, https] = ['HTTP_PROXY', 'HTTPS_PROXY'].map((name) => addressOf(name, named(name)))
  return http || https ? { http, https, none: named('NO_PROXY') ?? '' } : undefined
}

function addressOf(name: string, text: string | undefined): string | undefined {
  if (!text) return undefined
  const address = /^[a-z][a-z0-9+.-]*:\/\//i.test(text) ? text : `http://${text}`
  if (URL.canParse(address) && /^https?:$/.test(new URL(address).protocol)) return address
  const shown = JSON.stringify(text.replace(/\/\/[^/@]*@/, '//...@'))
  throw new FoveaError(
    'setting_invalid',
    'usage',
    `${name} is ${shown}; it must be the address of an HTTP proxy, such as http://proxy.example.com:3128`,
  )
}

/** Where a proxy is, without the name and password in its address, and which variable names it. */
export function proxyOf(url: URL, proxies: Proxies | undefined): string | undefined {
  const isSecure = url.protocol === 'https:'
  const address = isSecure ? proxies?.https : proxies?.http
  return address && `the proxy ${new URL(address).host} of ${isSecure ? 'HTTPS_PROXY' : 'HTTP_PROXY'}`
}

const agents = new Map<string, EnvHttpProxyAgent>()

/** `fetch`, through a proxy where one is named for the address. */
export async function fetchThrough(proxies: Proxies | undefined, url: URL, init: RequestInit): Promise<Response> {
  if (!proxyOf(url, proxies)) return fetch(url, init)
  const { EnvHttpProxyAgent: Agent, fetch: fetchBy } = await import('undici')
  const { http: httpProxy = '', https: httpsProxy = '', none: noProxy } = proxies!
  const key = JSON.stringify(proxies)
  // Of plain HTTP a proxy is asked for the address itself; few of them open tunnels to it.
  const agent = agents.get(key) ?? new Agent({ httpProxy, httpsProxy, noProxy, proxyTunnel: false })
  agents.set(key, agent)
  const answer = await fetchBy(url, { ...(init as UndiciInit), dispatcher: agent })
  return answer as unknown as Response
}
