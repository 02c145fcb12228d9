/** Pictures of one's own by the hash of their bytes, kept in this browser so that links to them go on working here. */
import type { Picture } from './open-picture.ts'

const STORE = 'pictures'

function open(): Promise<IDBDatabase> {
  const request = indexedDB.open('fovea', 1)
  request.onupgradeneeded = () => request.result.createObjectStore(STORE)
  return settled(request)
}

const settled = <T>(request: IDBRequest<T>): Promise<T> =>
  new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result)
    request.onerror = () => reject(request.error)
  })

/** The first twelve digits of the SHA-256 of its bytes. */
export async function hashOf({ url }: Picture): Promise<string> {
  // Where the page is no secure context there is no SHA; a name for this visit does.
  if (!crypto.subtle) return Math.random().toString(16).slice(2, 14).padEnd(12, '0')
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(url)))
  return Array.from(digest.subarray(0, 6), (byte) => byte.toString(16).padStart(2, '0')).join('')
}

export async function keepPicture(picture: Picture): Promise<string> {
  const hash = await hashOf(picture)
  const database = await open()
  await settled(database.transaction(STORE, 'readwrite').objectStore(STORE).put(picture, hash))
  return hash
}

export async function findPicture(hash: string): Promise<Picture | undefined> {
  const database = await open()
  return settled(database.transaction(STORE).objectStore(STORE).get(hash))
}
