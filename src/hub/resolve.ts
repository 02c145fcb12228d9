/** What a model's name means: a folder of this machine, or a model of the hub that the cache holds or can fetch. */
import { stat } from 'node:fs/promises'
import { basename, dirname } from 'node:path'
import { otherWeights } from '../checkpoints/other-weights.ts'
import { assertArgument, assertOptions, FoveaError, type OptionForm } from '../errors.ts'
import { cachedSnapshot } from './cache.ts'
import { modelPath } from './package-root.ts'
import { offlineError, type PullOptions, pullModel } from './pull.ts'
import { parseReference } from './reference.ts'
import { hubSettings } from './settings.ts'

export type { DownloadProgress } from './pull.ts'

export interface ResolveOptions extends PullOptions {
  /** A branch, a tag or a commit of a model on the hub, where the name has none; default `main`. */
  readonly revision?: string
}

const RESOLVE_FORMS: Readonly<Record<keyof ResolveOptions, OptionForm>> = {
  revision: 'string',
  signal: 'signal',
  onProgress: 'function',
  checkConfig: 'function',
  settings: 'object',
}

/**
 * The folder of a model. `mini` is the one that comes with the package, a folder that exists comes next; `org/name` or
 * `org/name@revision` is looked for in the cache, without asking the hub, and fetched where it is not there as a whole.
 * Where a folder `org` exists here, `org/name` is a path that was mistyped, unless it names a revision or is cached.
 * @throws FoveaError kind `input` `model_missing` for what is neither, `checkpoint_pickle` and `checkpoint_format` for
 *   files of weights that are not read; kind `usage` `revision_invalid`; those of
 *   `pullModel`
 */
export async function resolveModel(name: string, options: ResolveOptions = {}): Promise<string> {
  assertArgument('resolveModel', 'a model', name, 'string')
  assertOptions('resolveModel', options, RESOLVE_FORMS)
  const { revision, settings = hubSettings() } = options
  const path = modelPath(name)
  const found = await stat(path).catch(() => undefined)
  if (found?.isDirectory() && revision === undefined) return path
  if (found?.isDirectory())
    throw new FoveaError('revision_invalid', 'usage', `${name} is a folder; only models of the hub have revisions`)
  const reference = found ? undefined : parseReference(name, revision)
  if (!reference) throw (found && otherWeights(name, [basename(name)])) ?? missing(name, found !== undefined)
  const cached = await cachedSnapshot(settings.cache, reference)
  if (cached) return cached
  const isHub = revision !== undefined || name.includes('@') || !(await stat(dirname(name)).catch(() => undefined))
  if (!isHub) throw mistyped(name)
  if (settings.offline) throw offlineError(name)
  return (await pullModel(reference, { ...options, settings })).folder
}

function mistyped(name: string): FoveaError {
  const message = `${name}: there is no such folder in ${dirname(name)}; a model of the hub by that name is ${name}@main`
  return new FoveaError('model_missing', 'input', message)
}

function missing(name: string, isFile: boolean): FoveaError {
  const problem = isFile ? 'this is a file' : 'there is no such model folder'
  const message = `${name}: ${problem}; a model is mini, a folder, or org/name of the hub, such as HuggingFaceTB/SmolVLM-256M-Instruct`
  return new FoveaError('model_missing', 'input', message)
}
