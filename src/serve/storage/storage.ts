import { join } from 'node:path'
import type { Workshop } from '../batches/batch-run.ts'
import { Batches } from '../batches/batches.ts'
import { holdFolder } from './data-folder.ts'
import { FileStore } from './file-store.ts'

/** What outlives a server. */
export interface Storage {
  readonly files: FileStore
  readonly batches: Batches
  close(): Promise<void>
}

/**
 * Opens a folder, and goes on with the batches in it.
 * @throws FoveaError kind `resource`: `data_locked`, `folder_unwritable`; kind `input`: `data_damaged`
 */
export async function openStorage(
  folder: string,
  shop: Pick<Workshop, 'executor' | 'model' | 'tell'>,
): Promise<Storage> {
  const release = await holdFolder(folder)
  try {
    const files = await FileStore.open(join(folder, 'files'))
    const batches = await Batches.open(join(folder, 'batches'), { ...shop, files })
    return { files, batches, close: () => batches.close().finally(release) }
  } catch (error) {
    await release()
    throw error
  }
}
