/**
 * The cache that the Hugging Face libraries share:
 *
 *     models--org--name/blobs/<etag>                  contents, named by their SHA-256 (large files) or git SHA-1
 *     models--org--name/refs/<revision>               text: the commit
 *     models--org--name/snapshots/<commit>/<file>     links to ../../blobs/<etag>
 *
 * A file that is still coming is `blobs/<etag>.part`.
 */
import { randomUUID } from 'node:crypto'
import { copyFile, link, lstat, readdir, readFile, rename, stat, symlink } from 'node:fs/promises'
import { dirname, join, relative } from 'node:path'
import { writeFileAtomic } from '../checkpoints/atomic.ts'
import { makeFolder } from '../checkpoints/make-folder.ts'
import { INDEX, readWeightMap, SINGLE } from '../checkpoints/open-checkpoint.ts'
import { isCommit, type ModelReference } from './reference.ts'

const PREFIX = 'models--'

/** The folder of a model in the cache. */
export const repositoryFolder = (cache: string, id: string): string => join(cache, PREFIX + id.replace('/', '--'))

/** The model whose folder has this name, or undefined where it holds something else. */
export const idOfFolder = (name: string): string | undefined =>
  name.startsWith(PREFIX) ? name.slice(PREFIX.length).replace('--', '/') : undefined

export const blobPath = (repository: string, etag: string): string => join(repository, 'blobs', etag)

export const snapshotFolder = (repository: string, commit: string): string => join(repository, 'snapshots', commit)

/** Bytes of a file (through links), or undefined where there is none. */
export async function sizeOf(path: string): Promise<number | undefined> {
  const found = await stat(path).catch(() => undefined)
  return found?.isFile() ? found.size : undefined
}

/** The commit that a revision meant when it was last looked up. */
export async function readRef(repository: string, revision: string): Promise<string | undefined> {
  if (isCommit(revision)) return revision
  const text = await readFile(join(repository, 'refs', revision), 'utf8').catch(() => '')
  return isCommit(text.trim()) ? text.trim() : undefined
}

export async function writeRef(repository: string, revision: string, commit: string): Promise<void> {
  if (isCommit(revision)) return
  const path = join(repository, 'refs', revision)
  await makeFolder(dirname(path))
  await writeFileAtomic(path, new TextEncoder().encode(commit))
}

/** Makes a file of a snapshot stand for a blob: by a link, or where the disk has none by a copy. */
export async function linkBlob(repository: string, commit: string, name: string, etag: string): Promise<void> {
  const path = join(snapshotFolder(repository, commit), name)
  const temporary = `${path}.${randomUUID()}.tmp`
  await makeFolder(dirname(path))
  const blob = blobPath(repository, etag)
  await symlink(relative(dirname(path), blob), temporary)
    .catch(() => link(blob, temporary))
    .catch(() => copyFile(blob, temporary))
  await rename(temporary, path)
}

/**
 * Whether a snapshot holds a model: its config, and its weights to the last shard. Weights are linked after everything
 * else has come, so what has them has the rest.
 */
export async function isComplete(folder: string): Promise<boolean> {
  const isThere = async (name: string) => (await sizeOf(join(folder, name))) !== undefined
  if (!(await isThere('config.json'))) return false
  if (await isThere(SINGLE)) return true
  if (!(await isThere(INDEX))) return false
  const map = await readWeightMap(join(folder, INDEX)).catch(() => undefined)
  if (!map) return true // a damaged index is reported when it is opened
  const shards = await Promise.all([...new Set(map.values())].map(isThere))
  return shards.every(Boolean)
}

/** The folder of a model that is in the cache as a whole, or undefined. */
export async function cachedSnapshot(cache: string, { id, revision }: ModelReference): Promise<string | undefined> {
  const repository = repositoryFolder(cache, id)
  const commit = await readRef(repository, revision)
  if (!commit) return undefined
  const folder = snapshotFolder(repository, commit)
  return (await isComplete(folder)) ? folder : undefined
}

/** Paths of all files below a folder, links included, relative to it; none where there is no folder. */
export async function listFiles(folder: string, below = ''): Promise<string[]> {
  const names = await readdir(join(folder, below)).catch(() => [])
  const found = names.map(async (name) => {
    const path = join(below, name)
    return (await lstat(join(folder, path))).isDirectory() ? listFiles(folder, path) : [path]
  })
  return (await Promise.all(found)).flat().sort()
}
