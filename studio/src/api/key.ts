/** The key that a server may ask for. It is kept for this tab alone. */
import { useSyncExternalStore } from 'react'

const NAME = 'fovea-key'
const listeners = new Set<() => void>()
let isNeeded = false

export const storedKey = (): string | null => sessionStorage.getItem(NAME)

export const authorization = (): Record<string, string> => {
  const key = storedKey()
  return key ? { authorization: `Bearer ${key}` } : {}
}

function tell(needed: boolean): void {
  isNeeded = needed
  for (const listener of listeners) listener()
}

/** Where the server said that a key is missing or wrong. */
export const askForKey = (): void => tell(true)

export function giveKey(key: string): void {
  sessionStorage.setItem(NAME, key)
  tell(false)
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener)
  return () => listeners.delete(listener)
}

export const useKeyNeeded = (): boolean => useSyncExternalStore(subscribe, () => isNeeded)
