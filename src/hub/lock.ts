/** One process at a time: a lock file whose holder shows that it lives. */
import { randomUUID } from 'node:crypto'
import { readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { dirname } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { isAlive } from '../checkpoints/leftovers.ts'
import { makeFolder } from '../checkpoints/make-folder.ts'

interface Holder {
  readonly pid: number
  readonly host: string
  /** Tells two locks of one process apart. */
  readonly id: string
}

const POLL_MS = 200
/** After so many a lock is not being written any more. */
const WRITING_POLLS = 3
const REFRESH_MS = 5_000
/** A lock that was not refreshed for so long belongs to nobody, wherever its holder ran. */
const STALE_MS = 60_000

/** Locks of this process. One with its number that is none of these was left by an earlier process of the same number. */
const own = new Set<string>()

export interface LockOptions {
  readonly signal?: AbortSignal
  /** Told once, with the process that holds the lock. */
  readonly onWait?: (pid: number) => void
  /** Thrown in the place of waiting; the holder is unknown where the file says nothing that a lock would. */
  readonly refuse?: (pid: number | undefined) => Error
}

/**
 * Runs `work` while holding the lock at `path`; waits for another holder to finish. A lock left by a process that died is
 * taken over.
 */
export async function withLock<T>(path: string, work: () => Promise<T>, options: LockOptions = {}): Promise<T> {
  const release = await holdLock(path, options)
  try {
    return await work()
  } finally {
    await release()
  }
}

/** The same for work that ends elsewhere: returns what gives the lock back. */
export async function holdLock(path: string, options: LockOptions = {}): Promise<() => Promise<void>> {
  await makeFolder(dirname(path))
  const mine: Holder = { pid: process.pid, host: hostname(), id: randomUUID() }
  await acquire(path, mine, options)
  own.add(mine.id)
  const refresh = setInterval(() => utimes(path, new Date(), new Date()).catch(() => undefined), REFRESH_MS)
  refresh.unref()
  return async () => {
    clearInterval(refresh)
    if ((await readHolder(path))?.id === mine.id) await rm(path, { force: true })
    own.delete(mine.id)
  }
}

async function acquire(path: string, mine: Holder, { signal, onWait, refuse }: LockOptions): Promise<void> {
  let isTold = false
  for (let polls = 0; !(await tryCreate(path, mine)); polls++) {
    signal?.throwIfAborted()
    const holder = await readHolder(path)
    if (await isStale(path, holder)) await takeAway(path, holder)
    else if (refuse && (holder || polls >= WRITING_POLLS)) throw refuse(holder?.pid)
    else {
      if (holder && !isTold) onWait?.(holder.pid)
      isTold ||= holder !== undefined
      await wait(POLL_MS, undefined, { signal })
    }
  }
}

async function tryCreate(path: string, mine: Holder): Promise<boolean> {
  try {
    await writeFile(path, JSON.stringify(mine), { flag: 'wx' })
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw error
  }
}

/** Who holds a lock; undefined where it is gone or being written this moment. */
async function readHolder(path: string): Promise<Holder | undefined> {
  try {
    const holder = JSON.parse(await readFile(path, 'utf8'))
    return Number.isSafeInteger(holder?.pid) ? holder : undefined
  } catch {
    return undefined
  }
}

async function isStale(path: string, holder: Holder | undefined): Promise<boolean> {
  const found = await stat(path).catch(() => undefined)
  if (!found) return false
  if (Date.now() - found.mtimeMs > STALE_MS) return true
  if (holder?.host !== hostname()) return false
  return holder.pid === process.pid ? !own.has(holder.id) : !isAlive(holder.pid)
}

/** Moved aside before it is deleted, and only while it is still that holder's: another may have taken it over already. */
async function takeAway(path: string, holder: Holder | undefined): Promise<void> {
  if ((await readHolder(path))?.id !== holder?.id) return
  const aside = `${path}.${randomUUID()}`
  await rename(path, aside).catch(() => undefined)
  await rm(aside, { force: true, recursive: true })
}

/** The process that holds a lock now, if any. */
export async function lockHolder(path: string): Promise<number | undefined> {
  const holder = await readHolder(path)
  return holder && !(await isStale(path, holder)) ? holder.pid : undefined
}
