/** How requests leave this machine: directly, or through the proxy that HTTPS_PROXY, HTTP_PROXY and NO_PROXY name. */
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

/** The proxy for an address, and which variable names it; undefined where none is named or NO_PROXY has the host. */
export function proxyFor(url: URL, proxies: Proxies | undefined): { at: URL; shown: string } | undefined {
  const isSecure = url.protocol === 'https:'
  const address = isSecure ? proxies?.https : proxies?.http
  if (!address || needsNone(url, proxies!.none)) return undefined
  const at = new URL(address)
  return { at, shown: `the proxy ${at.host} of ${isSecure ? 'HTTPS_PROXY' : 'HTTP_PROXY'}` }
}

/** Whether a host, or a domain above it, stands in the list, for all ports or for that of the address. */
function needsNone({ hostname, port, protocol }: URL, none: string): boolean {
  const own = port || (protocol === 'https:' ? '443' : '80')
  return none.split(/[\s,]+/).some((entry) => {
    if (entry === '*') return true
    const [, name, of] = /^(?:\*?\.)?(\[.*\]|.*?)(?::(\d+))?$/.exec(entry.toLowerCase())!
    return name !== '' && (!of || of === own) && (hostname === name || hostname.endsWith(`.${name}`))
  })
}
