/** What Ctrl-C does. */

export const INTERRUPTED = 130

/** Milliseconds in which a command may return by itself. */
const GRACE = 1000

/** The first Ctrl-C asks the command to end, the second ends the process. */
export function abortOnInterrupt(): AbortSignal {
  const controller = new AbortController()
  process.on('SIGINT', () => {
    if (controller.signal.aborted) process.exit(INTERRUPTED)
    controller.abort()
  })
  return controller.signal
}

/** The engine cannot be called back from a run, so a command that waits for one would not return for as long as it takes. */
export function endSoonAfter(signal: AbortSignal): void {
  signal.addEventListener('abort', () => setTimeout(() => process.exit(INTERRUPTED), GRACE).unref())
}
