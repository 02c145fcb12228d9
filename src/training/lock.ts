import { type FileHandle, open, readFile, rm } from 'node:fs/promises'
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
  const file = await takeOver(path).catch((cause: NodeJS.ErrnoException) => {
    const isQuicker = cause.code === 'EEXIST'
    const problem = isQuicker
      ? `it was locked by another ${work} just now`
      : `trainer.lock cannot be written there (${cause.code})`
    throw new FoveaError('training_locked', 'resource', `${folder}: ${problem}; choose another folder`, { cause })
  })
  await file.writeFile(String(process.pid))
  await file.close()
  return () => rm(path, { force: true })
}

async function takeOver(path: string): Promise<FileHandle> {
  await rm(path, { force: true })
  return open(path, 'wx')
}
