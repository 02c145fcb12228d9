/** Temporary files, and what processes that were killed left of them. */
import { createHash, randomBytes } from 'node:crypto'
import { readdir, rm } from 'node:fs/promises'
import { hostname } from 'node:os'
import { basename, dirname, join } from 'node:path'

/** A folder may be shared between machines, and process ids mean nothing on another one. */
const host = createHash('sha256').update(hostname()).digest('hex').slice(0, 8)

/** A name beside `path` that says which process writes there. */
export const temporaryPath = (path: string): string => {
  // Names of files have a limit of their own; the end of this one must fit in.
  const name = basename(path).slice(0, 100)
  return join(dirname(path), `.${name}.${host}-${process.pid}-${randomBytes(6).toString('hex')}.tmp`)
}

const WRITER = /^\..*\.([0-9a-f]{8})-(\d+)-[0-9a-f]{12}\.tmp$/

/** Removes the temporary files in a folder whose processes have ended. Nothing happens where there is no folder. */
export async function removeLeftovers(folder: string): Promise<void> {
  for (const name of await readdir(folder).catch(() => [])) {
    const [, where, pid] = WRITER.exec(name) ?? []
    if (where === host && !isAlive(Number(pid))) await rm(join(folder, name), { force: true }).catch(() => undefined)
  }
}

/** Whether a process of this machine runs. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}
