/** Every view is an address: a path and a query. */
import { type ComponentProps, type MouseEvent, useSyncExternalStore } from 'react'

const listeners = new Set<() => void>()

function subscribe(listener: () => void): () => void {
  listeners.add(listener)
  addEventListener('popstate', listener)
  return () => {
    listeners.delete(listener)
    removeEventListener('popstate', listener)
  }
}

export function go(to: string, { replace = false } = {}): void {
  if (to === location.pathname + location.search) return
  const isOtherPage = new URL(to, location.href).pathname !== location.pathname
  history[replace ? 'replaceState' : 'pushState'](null, '', to)
  if (isOtherPage && !replace) scrollTo(0, 0)
  for (const listener of listeners) listener()
}

/** The path without a slash at its end, and the query. */
export function useAddress(): { readonly path: string; readonly query: URLSearchParams } {
  const address = useSyncExternalStore(subscribe, () => location.pathname + location.search)
  const { pathname, searchParams } = new URL(address, location.origin)
  return { path: pathname.replace(/(?<=.)\/$/, ''), query: searchParams }
}

/** The address with some of its query changed; what is empty is left out. */
export function addressWith(changes: Readonly<Record<string, string | readonly string[] | undefined>>): string {
  const query = new URLSearchParams(location.search)
  for (const [name, value] of Object.entries(changes)) {
    query.delete(name)
    for (const one of [value ?? []].flat()) if (one !== '') query.append(name, one)
  }
  const text = readable(query)
  return location.pathname + (text && `?${text}`)
}

/** Colons, commas and slashes need not be written as numbers in a query. */
export const readable = (query: URLSearchParams): string =>
  query.toString().replaceAll('%3A', ':').replaceAll('%2C', ',').replaceAll('%3D', '=')

/** Modified clicks, and those of other buttons, are the browser's. */
const isOurs = ({ button, metaKey, ctrlKey, shiftKey, altKey }: MouseEvent): boolean =>
  button === 0 && !metaKey && !ctrlKey && !shiftKey && !altKey

export function Link({ to, ...rest }: { to: string } & Omit<ComponentProps<'a'>, 'href'>) {
  return (
    <a
      {...rest}
      href={to}
      onClick={(event) => {
        if (!isOurs(event)) return
        event.preventDefault()
        go(to)
      }}
    />
  )
}
