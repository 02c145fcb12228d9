/**
 * The models of the Hugging Face hub, and those of its cache on this machine, by name: `org/name` or
 * `org/name@revision`. What `fovea models` does, as functions.
 */
import { stat } from 'node:fs/promises'
import { basename } from 'node:path'
import { assertOptions, FoveaError } from '../errors.ts'
import { cachedSnapshot } from '../hub/cache.ts'
import {
  type CachedModel,
  dropDamaged,
  findCached,
  listModels,
  removeModel,
  type VerifiedFile,
  verifyRevision,
} from '../hub/cached-models.ts'
import { localSource, type ModelSource, remoteSource } from '../hub/model-source.ts'
import { type DownloadProgress, offlineError, type PulledModel, pullModel } from '../hub/pull.ts'
import { requireReference } from '../hub/reference.ts'
import { type HubSettings, hubSettings } from '../hub/settings.ts'
import { assertKnown } from '../models/find-family.ts'
import { meansGguf } from './gguf/node-names.ts'
import { assertName } from './model-name.ts'
import { describeSource, type ModelInfo } from './node-model-info.ts'

export type { CachedModel, CachedRevision, VerifiedFile } from '../hub/cached-models.ts'
export type { DownloadProgress, PulledModel } from '../hub/pull.ts'
export type { RemoteFile } from '../hub/remote.ts'
/** Endpoint, cache folder and token, from the environment variables of the Hugging Face libraries. */
export { type HubSettings, hubSettings as settings } from '../hub/settings.ts'
export type { ModelInfo } from './node-model-info.ts'

export interface HubOptions {
  /** Those of the environment unless given. */
  readonly settings?: HubSettings
}

export interface RevisionOptions extends HubOptions {
  /** A branch, a tag or a commit, where the name has none; `main` unless given. */
  readonly revision?: string
  readonly signal?: AbortSignal
}

const REVISION_FORMS = { settings: 'object', revision: 'string', signal: 'signal' } as const

/** Every model in the cache, whichever program fetched it, by name. */
export async function list(options: HubOptions = {}): Promise<CachedModel[]> {
  assertOptions('list', options, { settings: 'object' })
  return listModels((options.settings ?? hubSettings()).cache)
}

export interface PullOptions extends RevisionOptions {
  readonly onProgress?: (progress: DownloadProgress) => void
}

/**
 * Downloads a model, or brings it up to date; files that are there already are not fetched. Aborting keeps what has come,
 * and the next call goes on from there.
 * @throws FoveaError kind `usage` `model_name_invalid`; kind `network` with what the hub did; kind `input` for a model that
 *   fovea cannot load, before its weights come; kind `resource` `disk_full`
 */
export async function pull(name: string, options: PullOptions = {}): Promise<PulledModel> {
  assertOptions('pull', options, { ...REVISION_FORMS, onProgress: 'function' })
  const { revision, ...rest } = options
  const reference = requireReference(name, revision)
  return pullModel(reference, { ...rest, checkConfig: (config) => assertKnown(config, reference.id) })
}

/**
 * Deletes a model from the cache, all its revisions where neither the name nor `revision` names one. Returns how many
 * bytes became free.
 * @throws FoveaError kind `usage` `model_name_invalid`; kind `input` `model_not_cached`; kind `resource` `model_in_use` while
 *   a process downloads it
 */
export async function remove(name: string, options: Omit<RevisionOptions, 'signal'> = {}): Promise<number> {
  assertOptions('remove', options, { settings: 'object', revision: 'string' })
  const { revision, settings = hubSettings() } = options
  const reference = requireReference(name, revision)
  const isNamed = revision !== undefined || name.includes('@')
  return removeModel(settings.cache, reference.id, isNamed ? reference.revision : undefined)
}

export interface VerifyOptions extends PullOptions {
  /** Fetches damaged and missing files again. */
  readonly repair?: boolean
  /** Called after each file that was read. */
  readonly onFile?: (done: number, total: number, name: string) => void
}

export interface VerifiedModel {
  readonly commit: string
  /** As they were found. */
  readonly files: readonly VerifiedFile[]
  /** Those of them that were damaged or missing. */
  readonly faults: readonly VerifiedFile[]
}

/**
 * Compares every file of a model in the cache with the hash that it is named by.
 * @throws FoveaError kind `usage` `model_name_invalid`; kind `input` `model_not_cached`; with `repair`, those of `pull`
 */
export async function verify(name: string, options: VerifyOptions = {}): Promise<VerifiedModel> {
  assertOptions('verify', options, {
    ...REVISION_FORMS,
    onProgress: 'function',
    repair: 'boolean',
    onFile: 'function',
  })
  const { revision, settings = hubSettings(), signal, onFile, onProgress, repair = false } = options
  const reference = requireReference(name, revision)
  const found = await findCached(settings.cache, reference)
  const files = await verifyRevision(found, { signal, onFile })
  const faults = files.filter(({ state }) => state === 'damaged' || state === 'missing')
  if (repair && faults.length > 0) {
    await dropDamaged(found, files)
    await pull(reference.id, { revision: found.commit, settings, signal, onProgress })
  }
  return { commit: found.commit, files, faults }
}

export interface DescribeOptions extends RevisionOptions {
  /** The GGUF file of the vision side, for a model in a `.gguf`; the one beside it where it is not given. */
  readonly mmproj?: string
}

/**
 * What a model is and how much memory it needs, before anything large is fetched or loaded: of a folder, of the cache, or
 * of the hub, in this order; there only the headers of the weights are read.
 * @throws FoveaError kind `input` for what is no model; those of `pull`. What only stands against loading it is `problem`
 */
export async function describe(
  name: string,
  options: DescribeOptions = {},
): Promise<ModelInfo & { readonly isLocal: boolean }> {
  assertName('describe', name)
  assertOptions('describe', options, { ...REVISION_FORMS, mmproj: 'string' })
  const { source, isLocal } = await findSource(name, { ...options, settings: options.settings ?? hubSettings() })
  return { ...(await describeSource(source)), isLocal }
}

/** A folder, or GGUF files. */
async function sourceHere(name: string, mmproj?: string): Promise<ModelSource> {
  if (!(await meansGguf(name))) return localSource(name)
  const { ggufSource } = await import('./gguf/node-folder.ts')
  return ggufSource(name, mmproj)
}

async function findSource(
  name: string,
  { revision, signal, settings, mmproj }: DescribeOptions & { readonly settings: HubSettings },
): Promise<{ source: ModelSource; isLocal: boolean }> {
  if (await stat(name).catch(() => undefined)) {
    if (revision === undefined) return { source: await sourceHere(name, mmproj), isLocal: true }
    throw new FoveaError(
      'revision_invalid',
      'usage',
      `${name} is on this machine; only models of the hub have revisions`,
    )
  }
  const reference = requireReference(name, revision)
  const cached = await cachedSnapshot(settings.cache, reference)
  if (cached) return { source: { ...(await localSource(cached, name)), commit: basename(cached) }, isLocal: true }
  if (settings.offline) throw offlineError(name)
  return { source: await remoteSource(settings, reference, signal), isLocal: false }
}
