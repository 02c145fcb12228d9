import { homedir } from 'node:os'
import { join } from 'node:path'
import { FoveaError } from '../../errors.ts'
import { holdLock } from '../../hub/lock.ts'

/** Where the server of a port keeps files and batches: below FOVEA_DATA, or fovea's folder among the states of the user. */
export function dataFolder(
  port: number,
  { env, platform }: Pick<NodeJS.Process, 'env' | 'platform'> = process,
): string {
  return join(env.FOVEA_DATA || stateFolder({ env, platform }), `serve-${port}`)
}

function stateFolder({ env, platform }: Pick<NodeJS.Process, 'env' | 'platform'>): string {
  if (platform === 'darwin') return join(homedir(), 'Library/Application Support/fovea')
  if (platform === 'win32') return join(env.LOCALAPPDATA ?? join(homedir(), 'AppData/Local'), 'fovea/data')
  return join(env.XDG_STATE_HOME || join(homedir(), '.local/state'), 'fovea')
}

/**
 * Takes a folder for one server alone; returns what gives it back.
 * @throws FoveaError kind `resource`: `data_locked`, `folder_unwritable`
 */
export const holdFolder = (folder: string): Promise<() => Promise<void>> =>
  holdLock(join(folder, 'lock'), {
    refuse: (pid) => {
      const holder = pid === undefined ? 'another server' : `another server (process ${pid})`
      const message = `${folder}: ${holder} keeps its files there; give this one a folder of its own (--data)`
      return new FoveaError('data_locked', 'resource', message)
    },
  })
