/** Redis, or Valkey, as a server and its workers reach it. */
import type { Redis } from 'ioredis'
import { FoveaError, whereMissing } from '../../../errors.ts'

/** Of packages that are missing. */
export const missing = whereMissing('batches over Redis', 'bullmq', 'ioredis')

/** Milliseconds for the first connection. */
const PATIENCE = 5000

/** The queue's commands came with it. */
const OLDEST = [6, 2] as const

/** Before all keys. */
export const PREFIX = 'fovea'

/** Workers answer for one model; `:` parts the names of keys. */
export const queueName = (model: string): string => `batch-${encodeURIComponent(model)}`

/** One request, wherever it is asked. */
export const jobIdOf = ({ batch, line }: { readonly batch: string; readonly line: number }): string =>
  `${batch}-${line}`

/** Others of its kind are made of it, such as those on which a worker waits for its next job. */
export interface Connection {
  readonly redis: Redis
  /** From here on none of them comes back. */
  isEnding: boolean
}

/**
 * Connects, and looks whether jobs are safe there. The connection finds its way back after a loss, however long that takes.
 * @throws FoveaError kind `usage`: `redis_invalid`; kind `resource`: `queue_unavailable`, `redis_refused`, `redis_unfit`
 */
export async function connectRedis(url: string): Promise<Connection> {
  if (!URL.canParse(url) || !/^rediss?:$/.test(new URL(url).protocol))
    throw new FoveaError('redis_invalid', 'usage', '--redis: give an address such as redis://127.0.0.1:6379')
  const { host } = new URL(url) // without the password
  await import('bullmq').catch(missing)
  const { Redis: Client } = await import('ioredis').catch(missing)
  let failure: Error | undefined
  const redis: Redis = new Client(url, {
    lazyConnect: true,
    connectTimeout: PATIENCE,
    maxRetriesPerRequest: null,
    retryStrategy: (times): number | null => (connection.isEnding ? null : Math.min(times * 200, 2000)),
  })
  const connection: Connection = { redis, isEnding: true } // one that was never there is not waited for
  redis.on('error', (error) => {
    failure = error
  })
  try {
    await redis.connect()
    await assertFit(redis, host)
    connection.isEnding = false
    return connection
  } catch (error) {
    redis.disconnect()
    throw error instanceof FoveaError ? error : connectError(failure ?? (error as Error), host)
  }
}

function connectError(cause: Error, host: string): FoveaError {
  if (/\b(?:WRONGPASS|NOAUTH|NOPERM)\b|AUTH/.test(cause.message)) {
    const message = `Redis at ${host} refuses the name or the password; give redis://name:password@${host}`
    return new FoveaError('redis_refused', 'resource', message, { cause })
  }
  const reason = (cause as NodeJS.ErrnoException).code ?? cause.message
  const message = `Redis at ${host} does not answer (${reason}); start it, or give another address (--redis)`
  return new FoveaError('queue_unavailable', 'resource', message, { cause })
}

async function assertFit(redis: Redis, host: string): Promise<void> {
  const unfit = (message: string) => new FoveaError('redis_unfit', 'resource', `Redis at ${host} ${message}`)
  const facts = await redis.info('server')
  const version = /^(?:valkey|redis)_version:(\S+)/m.exec(facts)?.[1] ?? '0'
  const [major, minor = 0] = version.split('.').map(Number)
  const isOld = major < OLDEST[0] || (major === OLDEST[0] && minor < OLDEST[1])
  if (isOld) throw unfit(`is of version ${version}; batches need ${OLDEST.join('.')} or newer, or Valkey`)
  const [, policy] = (await redis.config('GET', 'maxmemory-policy').catch(() => [])) as string[]
  if (policy !== undefined && policy !== 'noeviction')
    throw unfit(`may forget jobs when it is full (${policy}); set maxmemory-policy to noeviction`)
}

/** What BullMQ holds connections of its own for. */
interface Connected {
  close(): Promise<void>
  disconnect(): Promise<void>
}

/** Milliseconds for the end of connections. */
export const CLOSE = 3000

/** Ends what may hang, since Redis may be gone. */
export async function closeWithin(
  milliseconds: number,
  connection: Connection,
  parts: readonly Connected[],
): Promise<void> {
  const { redis } = connection
  let timer: NodeJS.Timeout | undefined
  const patience = new Promise((resolve) => {
    timer = setTimeout(resolve, redis.status === 'ready' ? milliseconds : CLOSE)
  })
  await Promise.race([Promise.allSettled(parts.map((part) => part.close())), patience])
  clearTimeout(timer)
  connection.isEnding = true
  for (const part of parts) void part.disconnect().catch(() => undefined)
  redis.disconnect()
}
