import { setTimeout as wait } from 'node:timers/promises'
import { FoveaError } from '../errors.ts'

/** A failure that another attempt may mend. */
export class Transient extends Error {
  constructor(
    message: string,
    /** How long the server asks to wait; the usual time where it does not. */
    readonly waitMs?: number,
  ) {
    super(message)
    this.name = 'Transient'
  }
}

export interface RetryOptions {
  /** What cannot be had, for the message when all attempts failed. */
  readonly subject: string
  readonly attempts: number
  /** The wait after the first failure; it doubles from one to the next. */
  readonly retryMs: number
  readonly signal?: AbortSignal
  /** Called after a failure: whether the attempt brought something, so that counting begins anew. */
  readonly hasProgressed?: () => boolean
}

const LONGEST_WAIT_MS = 10_000

/**
 * Runs `attempt` until it does not throw `Transient`.
 * @throws FoveaError kind `network`, `hub_unreachable`, with what the last attempt said; other errors as they are
 */
export async function withRetries<T>(options: RetryOptions, attempt: () => Promise<T>): Promise<T> {
  const { subject, attempts, retryMs, signal, hasProgressed } = options
  for (let failures = 0; ; ) {
    signal?.throwIfAborted()
    try {
      return await attempt()
    } catch (error) {
      signal?.throwIfAborted()
      if (!(error instanceof Transient)) throw error
      failures = hasProgressed?.() ? 1 : failures + 1
      if (failures >= attempts) throw exhausted(subject, attempts, error)
      await wait(error.waitMs ?? Math.min(retryMs * 2 ** (failures - 1), LONGEST_WAIT_MS), undefined, { signal })
    }
  }
}

function exhausted(subject: string, attempts: number, cause: Transient): FoveaError {
  const advice = 'try again later; what has come is kept. HF_HUB_OFFLINE=1 uses only what is in the cache'
  return new FoveaError(
    'hub_unreachable',
    'network',
    `${subject}: ${cause.message} (${attempts} attempts); ${advice}`,
    {
      cause,
    },
  )
}
