import { open, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { isAlive } from '../checkpoints/leftovers.ts'
import { makeFolder } from '../checkpoints/make-folder.ts'
import { FoveaError } from '../errors.ts'

/** Makes this process the only one that works in a folder; a lock left by a process that died is taken over. */
export async function acquireLock(folder: string, work = 'training'): Promise<() => Promise<void>> {
  await makeFolder(folder)
  const path = join(folder, 'trainer.lock')
  const holder = Number(await readFile(path, 'utf8').catch(() => ''))
  if (holder && holder !== process.pid && isAlive(holder))
    throw new FoveaError(
      'training_locked',
      'resource',
      `${folder} is locked by pid ${holder}: another ${work} writes there`,
    )
  await rm(path, { force: true })
  const file = await open(path, 'wx').catch(() => {
    throw new FoveaError('training_locked', 'resource', `${folder} was locked by another ${work} just now`)
  })
  await file.writeFile(String(process.pid))
  await file.close()
  return () => rm(path, { force: true })
}
