import { useEffect, useState } from 'react'
import { askJson, said } from './client.ts'

/** Replies that were had once, by their address. */
const known = new Map<string, unknown>()

export interface Asked<T> {
  readonly data?: T
  /** One sentence. */
  readonly error?: string
}

/** What is at an address; nothing while that is undefined. */
export function useAsked<T>(path: string | undefined): Asked<T> {
  const [asked, setAsked] = useState<Asked<T> & { path?: string }>({})
  useEffect(() => {
    if (path === undefined || known.has(path)) return
    const controller = new AbortController()
    askJson<T>(path, { signal: controller.signal })
      .then((data) => {
        known.set(path, data)
        setAsked({ path, data })
      })
      .catch((error: Error) => {
        if (error.name !== 'AbortError') setAsked({ path, error: said(error) })
      })
    return () => controller.abort()
  }, [path])
  if (path !== undefined && known.has(path)) return { data: known.get(path) as T }
  return asked.path === path ? asked : {}
}
