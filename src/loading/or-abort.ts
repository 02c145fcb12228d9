/**
 * What comes of some work, or at once the reason of a signal that is aborted before; what then comes all the same is let
 * go of.
 */
export function orAbort<T>(
  signal: AbortSignal | undefined,
  work: () => Promise<T>,
  letGo: (late: T) => Promise<unknown> = async () => {},
): Promise<T> {
  if (!signal) return work()
  if (signal.aborted) return Promise.reject(signal.reason)
  const made = work()
  return new Promise((resolve, reject) => {
    const leave = () => {
      reject(signal.reason)
      made.then(letGo).catch(() => {}) // nobody is there who could be told
    }
    signal.addEventListener('abort', leave, { once: true })
    made.then(resolve, reject).finally(() => signal.removeEventListener('abort', leave))
  })
}
