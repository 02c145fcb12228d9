/** The small files and the tensor headers of a model, wherever it lies; no weights are read or fetched. */
import { join } from 'node:path'
import { type CheckpointTensor, INDEX, listFolder, openCheckpoint, SINGLE } from '../checkpoints/open-checkpoint.ts'
import { headerLength, parseSafetensorsHeader } from '../checkpoints/safetensors-header.ts'
import { readModelFile } from '../text/model-file.ts'
import { sizeOf } from './cache.ts'
import type { ModelReference } from './reference.ts'
import { describeRemote, fetchRange, type RemoteFile, type RemoteModel, weightFiles } from './remote.ts'
import type { HubSettings } from './settings.ts'

export interface ModelSource {
  /** The folder, or `org/name`; messages begin with it. */
  readonly name: string
  /** The commit, for a model of the hub. */
  readonly commit?: string
  /** Its files are on this machine, and so are the values of its tensors. */
  readonly isLocal: boolean
  readonly files: readonly { readonly name: string; readonly size: number }[]
  /** A small file; undefined where there is none. */
  readText(name: string): Promise<string | undefined>
  /**
   * Every tensor with its dtype, its shape and its place; of a model of the hub `file` is a name, not a path. The headers
   * are read once.
   */
  tensors(): Promise<ReadonlyMap<string, CheckpointTensor>>
}

/** A model folder, called by another name in messages where it is given. `tensors` throws as `openCheckpoint`. */
export async function localSource(folder: string, name = folder): Promise<ModelSource> {
  const names = (await listFolder(folder)).sort()
  const sizes = await Promise.all(names.map((name) => sizeOf(join(folder, name))))
  const files = names.flatMap((name, at) => (sizes[at] === undefined ? [] : [{ name, size: sizes[at] }]))
  const tensors = once(async () => (await openCheckpoint(folder)).tensors)
  return { name, isLocal: true, files, readText: (file) => readModelFile(folder, file), tensors }
}

function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined
  return () => {
    made ??= make()
    return made
  }
}

/** Holds the whole header of most files, so that one request is enough. */
const FIRST_BYTES = 65_536
const HEADERS_AT_ONCE = 4

/**
 * A model of the hub, without downloading it: of its weights only the headers are read.
 * @throws FoveaError those of `describeRemote`, and `checkpoint_invalid` for headers that are damaged
 */
export async function remoteSource(
  settings: HubSettings,
  reference: ModelReference,
  signal?: AbortSignal,
): Promise<ModelSource> {
  const model = await describeRemote(settings, reference, signal)
  const readText = async (name: string) => {
    const file = model.files.find((entry) => entry.name === name)
    return file && new TextDecoder().decode(await fetchRange(settings, model, file, [0, file.size], signal))
  }
  const isSingle = model.files.some(({ name }) => name === SINGLE)
  const weights = weightFiles(model, isSingle ? undefined : await readText(INDEX))
  const tensors = once(async () => new Map(await readHeaders(settings, model, weights, signal)))
  const files = model.files.filter((file) => !file.name.endsWith('.safetensors') || weights.includes(file))
  return { name: reference.id, commit: model.commit, isLocal: false, files, readText, tensors }
}

async function readHeaders(
  settings: HubSettings,
  model: RemoteModel,
  weights: readonly RemoteFile[],
  signal?: AbortSignal,
): Promise<[string, CheckpointTensor][]> {
  const found: [string, CheckpointTensor][] = []
  for (let at = 0; at < weights.length; at += HEADERS_AT_ONCE) {
    const group = weights.slice(at, at + HEADERS_AT_ONCE)
    const headers = await Promise.all(group.map((file) => readHeader(settings, model, file, signal)))
    found.push(...headers.flat())
  }
  return found
}

async function readHeader(
  settings: HubSettings,
  model: RemoteModel,
  file: RemoteFile,
  signal?: AbortSignal,
): Promise<[string, CheckpointTensor][]> {
  const name = `${model.reference.id}: ${file.name}`
  const start = await fetchRange(settings, model, file, [0, Math.min(FIRST_BYTES, file.size)], signal)
  const end = 8 + headerLength(start, file.size, name)
  const rest =
    end > start.length ? await fetchRange(settings, model, file, [start.length, end], signal) : new Uint8Array(0)
  const { tensors } = parseSafetensorsHeader(Buffer.concat([start, rest]), file.size, name)
  return [...tensors].map(([tensor, entry]) => [tensor, { ...entry, file: file.name }])
}
