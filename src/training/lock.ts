import { join } from 'node:path'
import { FoveaError } from '../errors.ts'
import { holdLock } from '../hub/lock.ts'

/**
 * Makes this process the only one that works in a folder; a lock left by a process that died is taken over.
 * @throws FoveaError `training_locked` while another works there, where the file is no lock, or cannot be written
 */
export function acquireLock(folder: string, work = 'training'): Promise<() => Promise<void>> {
  const path = join(folder, 'trainer.lock')
  const locked = (problem: string, cause?: unknown) => new FoveaError('training_locked', 'resource', problem, { cause })
  const refuse = (pid: number | undefined) =>
    locked(
      pid === undefined
        ? `${path} is not the lock of a process: remove it if no other ${work} writes there`
        : `${folder} is locked by pid ${pid}: another ${work} writes there`,
    )
  return holdLock(path, { refuse }).catch((cause: NodeJS.ErrnoException) => {
    if (cause instanceof FoveaError) throw cause
    throw locked(`${folder}: trainer.lock cannot be written there (${cause.code}); choose another folder`, cause)
  })
}
