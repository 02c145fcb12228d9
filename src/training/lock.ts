import { join } from 'node:path'
import { FoveaError } from '../errors.ts'
import { holdLock } from '../hub/lock.ts'

/**
 * Makes this process the only one that works in a folder; a lock left by a process that died is taken over.
 * @throws FoveaError `training_locked` while another works there, or where the file is no lock
 */
export function acquireLock(folder: string, work = 'training'): Promise<() => Promise<void>> {
  const path = join(folder, 'trainer.lock')
  const refuse = (pid: number | undefined) => {
    const message =
      pid === undefined
        ? `${path} is not the lock of a process: remove it if no other ${work} writes there`
        : `${folder} is locked by pid ${pid}: another ${work} writes there`
    return new FoveaError('training_locked', 'resource', message)
  }
  return holdLock(path, { refuse })
}
