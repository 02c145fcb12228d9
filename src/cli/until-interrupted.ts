/** Resolves at the first Ctrl-C, or when the process is told to end. */
export const untilInterrupted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve()
    signal.addEventListener('abort', () => resolve())
    process.once('SIGTERM', () => resolve())
  })
