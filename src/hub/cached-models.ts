/** What lies in the cache: listing it, checking it, making room. */
import { lstat, readdir, readFile, readlink, realpath, rm, stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { FoveaError } from '../errors.ts'
import { idOfFolder, isComplete, listFiles, readRef, repositoryFolder, sizeOf, snapshotFolder } from './cache.ts'
import { hasContent, isContentHash } from './content-hash.ts'
import { lockPath } from './download.ts'
import { lockHolder } from './lock.ts'
import { isCommit, type ModelReference } from './reference.ts'

export interface CachedRevision {
  readonly commit: string
  /** Branches and tags that meant this commit when they were last looked up. */
  readonly refs: readonly string[]
  readonly folder: string
  readonly files: number
  readonly bytes: number
  /** Whether it can be loaded: config and weights are there. */
  readonly isComplete: boolean
}

export interface CachedModel {
  /** `org/name` */
  readonly id: string
  readonly folder: string
  readonly revisions: readonly CachedRevision[]
  /** On disk; what several revisions share counts once, unfinished downloads too. */
  readonly bytes: number
  /** Of `bytes`, those of unfinished downloads. */
  readonly unfinished: number
}

/** Every model in the cache, whichever program fetched it, by name; none where there is no cache. */
export async function listModels(cache: string): Promise<CachedModel[]> {
  const names = await readdir(cache).catch(() => [])
  const ids = names.flatMap((name) => idOfFolder(name) ?? []).sort()
  return Promise.all(ids.map((id) => describeModel(cache, id)))
}

async function describeModel(cache: string, id: string): Promise<CachedModel> {
  const folder = repositoryFolder(cache, id)
  const refs = await readRefs(folder)
  const commits = (await readdir(join(folder, 'snapshots')).catch(() => [])).filter(isCommit)
  const blobs = await blobSizes(folder)
  const sum = (sizes: readonly number[]) => sizes.reduce((a, b) => a + b, 0)
  const unfinished = [...blobs].filter(([name]) => /\.(?:part|incomplete)$/.test(name)).map(([, size]) => size)
  return {
    id,
    folder,
    revisions: await Promise.all(commits.map((commit) => describeRevision(folder, commit, refs))),
    bytes: sum([...blobs.values()]),
    unfinished: sum(unfinished),
  }
}

async function blobSizes(folder: string): Promise<Map<string, number>> {
  const blobs = join(folder, 'blobs')
  const names = await readdir(blobs).catch(() => [])
  return new Map(await Promise.all(names.map(async (name) => [name, (await sizeOf(join(blobs, name))) ?? 0] as const)))
}

async function describeRevision(
  repository: string,
  commit: string,
  refs: ReadonlyMap<string, string>,
): Promise<CachedRevision> {
  const folder = snapshotFolder(repository, commit)
  const names = await listFiles(folder)
  const sizes = await Promise.all(names.map((name) => sizeOf(join(folder, name))))
  return {
    commit,
    refs: [...refs].filter(([, meant]) => meant === commit).map(([name]) => name),
    folder,
    files: names.length,
    bytes: sizes.reduce((a: number, size) => a + (size ?? 0), 0),
    isComplete: await isComplete(folder),
  }
}

/** Branch or tag -> commit. */
async function readRefs(repository: string): Promise<Map<string, string>> {
  const names = await listFiles(join(repository, 'refs'))
  const read = async (name: string) =>
    [name.replaceAll('\\', '/'), (await readFile(join(repository, 'refs', name), 'utf8')).trim()] as const
  return new Map(await Promise.all(names.map(read)))
}

function notCached(id: string, what = 'it'): FoveaError {
  return new FoveaError('model_not_cached', 'input', `${id}: ${what} is not in the cache; see fovea models list`)
}

/** The revision of a cached model that a reference means; it need not be complete. Throws `model_not_cached`. */
export async function findCached(cache: string, { id, revision }: ModelReference): Promise<CachedRevision> {
  const commit = await readRef(repositoryFolder(cache, id), revision)
  const found = (await describeModel(cache, id)).revisions.find((entry) => entry.commit === commit)
  if (!found) throw notCached(id, `revision ${revision}`)
  return found
}

/**
 * Deletes a model, or only one revision of it with what no other revision uses. Returns how many bytes became free.
 * @throws FoveaError `model_not_cached`; kind `resource` `model_in_use` while a process downloads it
 */
export async function removeModel(cache: string, id: string, revision?: string): Promise<number> {
  const before = await describeModel(cache, id)
  if (!(await stat(before.folder).catch(() => undefined))) throw notCached(id)
  await assertOwnFolders(before.folder)
  await assertUnlocked(before.folder, id)
  const doomed = revision === undefined ? undefined : await findCached(cache, { id, revision })
  if (doomed && before.revisions.length > 1) await removeRevision(before, doomed)
  else await removeAll(before.folder)
  return before.bytes - (await describeModel(cache, id)).bytes
}

/** Throws FoveaError `cache_link` where a folder of a model leads elsewhere. */
async function assertOwnFolders(repository: string): Promise<void> {
  for (const name of ['blobs', 'refs', 'snapshots']) {
    const path = join(repository, name)
    if ((await lstat(path).catch(() => undefined))?.isSymbolicLink()) throw foreignLink(path)
  }
}

async function removeAll(repository: string): Promise<void> {
  await rm(repository, { recursive: true, force: true })
  await rm(locksOf(repository), { recursive: true, force: true })
}

async function removeRevision({ folder, revisions }: CachedModel, doomed: CachedRevision): Promise<void> {
  const kept = revisions.filter(({ commit }) => commit !== doomed.commit)
  const used = new Set((await Promise.all(kept.map(blobsOf))).flat())
  const own = await blobsOf(doomed)
  for (const ref of doomed.refs) await rm(join(folder, 'refs', ref), { force: true })
  await rm(doomed.folder, { recursive: true, force: true })
  for (const blob of own) if (!used.has(blob)) await rm(blob, { force: true })
}

/** The blobs of the model's own that the files of a revision link to; what a planted link leads to is nobody's to delete. */
async function blobsOf({ folder }: CachedRevision): Promise<string[]> {
  const names = await listFiles(folder)
  const paths = await Promise.all(names.map((name) => ownBlob(folder, name)))
  return paths.filter((path) => path !== undefined)
}

/** The blob that a file of a snapshot links to, or undefined where it is none of the same model. */
async function ownBlob(snapshot: string, name: string): Promise<string | undefined> {
  const blobs = join(dirname(dirname(snapshot)), 'blobs')
  const [path, own] = await Promise.all(
    [join(snapshot, name), blobs].map((each) => realpath(each).catch(() => undefined)),
  )
  return path !== undefined && dirname(path) === own ? path : undefined
}

const locksOf = (repository: string): string => dirname(lockPath(repository, 'any'))

async function assertUnlocked(repository: string, id: string): Promise<void> {
  const folder = locksOf(repository)
  const names = await readdir(folder).catch(() => [])
  const holders = await Promise.all(names.map((name) => lockHolder(join(folder, name))))
  const pid = holders.find((holder) => holder !== undefined)
  if (pid === undefined) return
  throw new FoveaError('model_in_use', 'resource', `${id}: process ${pid} is downloading it; end that first`)
}

export interface VerifiedFile {
  readonly name: string
  readonly bytes: number
  /** `unknown`: its name says nothing of its content, as where a disk has no links. */
  readonly state: 'good' | 'damaged' | 'missing' | 'unknown'
}

/** Reads every file of a revision and compares it with the hash that it is named by. */
export async function verifyRevision(
  { folder }: CachedRevision,
  { signal, onFile }: { signal?: AbortSignal; onFile?: (done: number, total: number, name: string) => void } = {},
): Promise<VerifiedFile[]> {
  const names = await listFiles(folder)
  const found: VerifiedFile[] = []
  for (const name of names) {
    const path = join(folder, name)
    const bytes = await sizeOf(path)
    const etag = basename(await readlink(path).catch(() => ''))
    const isGood = async () => hasContent(path, etag, bytes ?? 0, signal)
    if (bytes === undefined) found.push({ name, bytes: 0, state: 'missing' })
    else if (!isContentHash(etag)) found.push({ name, bytes, state: 'unknown' })
    else found.push({ name, bytes, state: (await isGood()) ? 'good' : 'damaged' })
    onFile?.(found.length, names.length, name)
  }
  return found
}

const foreignLink = (path: string): FoveaError => {
  const message = `${path}: it links to a file outside the model's own folder, which is not deleted; remove the link yourself`
  return new FoveaError('cache_link', 'input', message)
}

/**
 * Deletes the contents of damaged files, so that the next pull fetches them anew.
 * @throws FoveaError kind `input` `cache_link` for a file that lies elsewhere
 */
export async function dropDamaged({ folder }: CachedRevision, files: readonly VerifiedFile[]): Promise<void> {
  await assertOwnFolders(dirname(dirname(folder)))
  for (const { name } of files.filter(({ state }) => state === 'damaged')) {
    const blob = await ownBlob(folder, name)
    if (blob === undefined) throw foreignLink(join(folder, name))
    await rm(blob, { force: true })
  }
}
