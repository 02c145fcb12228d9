import { mkdir, stat } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { FoveaError } from '../errors.ts'

const REASONS: Readonly<Record<string, string>> = {
  ENOTDIR: 'a file lies on the way to it',
  EEXIST: 'a file lies on the way to it',
  EACCES: 'no permission to make it',
  EPERM: 'no permission to make it',
  EROFS: 'the disk is read-only',
  ENOSPC: 'the disk is full',
  ENAMETOOLONG: 'its name is too long',
}

const folderError = (path: string, cause: NodeJS.ErrnoException): FoveaError => {
  const reason = REASONS[cause.code ?? ''] ?? 'it cannot be made there'
  return new FoveaError('folder_unwritable', 'resource', `${path}: ${reason}; choose another folder`, { cause })
}

/**
 * Makes a folder and those above it that are missing. Node's own recursion never ends below a folder such as /proc, where
 * nothing can be made and the error says that the folder above is missing.
 * @throws FoveaError kind `resource` `folder_unwritable`
 */
export async function makeFolder(path: string): Promise<void> {
  const missing: string[] = []
  try {
    for (let at = resolve(path); !(await isFolder(at)); at = dirname(at)) missing.unshift(at)
    for (const folder of missing) await mkdirUnlessThere(folder)
  } catch (error) {
    throw folderError(path, error as NodeJS.ErrnoException)
  }
}

async function isFolder(path: string): Promise<boolean> {
  const found = await stat(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined
    throw error
  })
  if (found && !found.isDirectory()) throw Object.assign(new Error('not a folder'), { code: 'ENOTDIR' })
  return found !== undefined
}

/** Another process may have made it meanwhile. */
async function mkdirUnlessThere(folder: string): Promise<void> {
  await mkdir(folder).catch(async (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EEXIST' || !(await isFolder(folder))) throw error
  })
}
