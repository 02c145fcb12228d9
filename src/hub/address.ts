/** Which addresses we may be sent to. */
import { lookup } from 'node:dns/promises'
import { BlockList, isIP } from 'node:net'
import { FoveaError } from '../errors.ts'

type Place = 'open' | 'private' | 'loopback' | 'link'

/** Ranges that are not of the open internet (IANA's special-purpose registries, RFC 6890), the narrower ones first. */
const RANGES: readonly (readonly [place: Place, network: string, prefix: number, version: 'ipv4' | 'ipv6'])[] = [
  ['loopback', '127.0.0.0', 8, 'ipv4'],
  ['loopback', '::1', 128, 'ipv6'],
  ['link', '169.254.0.0', 16, 'ipv4'],
  ['link', 'fe80::', 10, 'ipv6'],
  ['link', '0.0.0.0', 8, 'ipv4'],
  ['link', '224.0.0.0', 3, 'ipv4'],
  ['link', 'ff00::', 8, 'ipv6'],
  ['private', '10.0.0.0', 8, 'ipv4'],
  ['private', '100.64.0.0', 10, 'ipv4'],
  ['private', '172.16.0.0', 12, 'ipv4'],
  ['private', '192.0.0.0', 24, 'ipv4'],
  ['private', '192.168.0.0', 16, 'ipv4'],
  ['private', '198.18.0.0', 15, 'ipv4'],
  ['private', '::', 96, 'ipv6'],
  ['private', '64:ff9b::', 96, 'ipv6'],
  ['private', '100::', 64, 'ipv6'],
  ['private', '2001:db8::', 32, 'ipv6'],
  ['private', '2002::', 16, 'ipv6'],
  ['private', 'fc00::', 7, 'ipv6'],
]

const lists = RANGES.map(([place, ...range]) => {
  const list = new BlockList()
  list.addSubnet(...range)
  return { place, list }
})

/** What an address is of; IPv4 within IPv6 counts as what it holds, and what is no address as the worst. */
export function placeOf(address: string): Place {
  const version = isIP(address)
  if (version === 0) return 'link'
  return lists.find(({ list }) => list.check(address, version === 4 ? 'ipv4' : 'ipv6'))?.place ?? 'open'
}

/** What the name of a host leads to; nothing where it is not known. */
export async function addressesOf(host: string): Promise<string[]> {
  const bare = host.replace(/^\[|\]$/g, '')
  if (isIP(bare)) return [bare]
  return (await lookup(bare, { all: true }).catch(() => [])).map(({ address }) => address)
}

/**
 * Refuses to be sent to a private place by a host that is not in the same one: whoever answers for the hub could have this
 * machine ask its own network. A hub within a company may lead to others there. Returns the addresses that were judged: a
 * name that is looked up once more may lead elsewhere.
 * @throws FoveaError kind `network` `hub_redirect`
 */
export async function assertMayLead(from: URL, to: URL): Promise<string[]> {
  const [sources, addresses] = await Promise.all([from, to].map(({ hostname }) => addressesOf(hostname)))
  const [left, reached] = [sources.map(placeOf), addresses.map(placeOf)]
  const isAllowed = (place: Place) =>
    place === 'open' || (place !== 'link' && left.length > 0 && left.every((at) => at === place))
  if (reached.every(isAllowed)) return addresses
  const message = `${from.host} redirects to ${to.host}, an address of a private network, which is not followed`
  throw new FoveaError('hub_redirect', 'network', message)
}
