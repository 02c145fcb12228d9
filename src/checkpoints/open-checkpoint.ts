/** A model folder in Hugging Face form: one `model.safetensors`, or shards listed in an index. */
import { readdir, realpath, stat } from 'node:fs/promises'
import { basename, dirname, join, sep } from 'node:path'
import { FoveaError } from '../errors.ts'
import { readModelFile } from '../text/model-file.ts'
import { otherWeights } from './other-weights.ts'
import { openSafetensors, type SafetensorsFile, type TensorEntry } from './safetensors.ts'
import { quoteName } from './safetensors-header.ts'
import { parseStrictJson, type StrictJson } from './strict-json.ts'

export interface CheckpointTensor extends TensorEntry {
  /** The file that holds it; `offset` counts from that file's start. */
  file: string
}

export interface Checkpoint {
  folder: string
  tensors: Map<string, CheckpointTensor>
  read(name: string): Promise<Uint8Array>
}

export const SINGLE = 'model.safetensors'
export const INDEX = 'model.safetensors.index.json'
const MAX_FAULTS_SHOWN = 20

function invalid(message: string): FoveaError {
  return new FoveaError('checkpoint_invalid', 'input', message)
}

/** Names in a folder. Throws FoveaError `file_missing`, `checkpoint_not_folder`. */
export async function listFolder(folder: string): Promise<string[]> {
  try {
    return await readdir(folder)
  } catch (cause) {
    const missing = (cause as NodeJS.ErrnoException).code === 'ENOENT'
    const message = missing ? 'no such folder' : 'this is not a folder that can be read'
    throw new FoveaError(missing ? 'file_missing' : 'checkpoint_not_folder', 'input', `${folder}: ${message}`, {
      cause,
    })
  }
}

/** Why a folder without safetensors cannot be loaded; exports of ONNX graphs keep them in a folder of their own. */
async function noWeights(folder: string, names: string[]): Promise<FoveaError> {
  const exported = names.includes('onnx') ? await listFolder(join(folder, 'onnx')).catch(() => []) : []
  const message = `${folder}: it holds neither ${SINGLE} nor ${INDEX}`
  return (
    otherWeights(folder, [...names, ...exported.map((name) => `onnx/${name}`)]) ??
    new FoveaError('checkpoint_missing', 'input', message)
  )
}

/** Folders that a file of this checkpoint may truly lie in; the hub's cache links its snapshots to a folder of blobs. */
async function allowedRoots(folder: string): Promise<string[]> {
  const root = await realpath(folder)
  const snapshots = dirname(root)
  return basename(snapshots) === 'snapshots' ? [root, join(dirname(snapshots), 'blobs')] : [root]
}

/** Why `name` cannot be a file of weights in the folder of its index, or undefined. */
export function shardNameFault(name: string): string | undefined {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: NUL and other control characters are what is refused.
  const plain = name.length <= 255 && !/[/\\:\u0000-\u001f]/.test(name) && name.endsWith('.safetensors')
  if (plain) return undefined
  return `${JSON.stringify(name.slice(0, 100))} is not the name of a .safetensors file of this folder`
}

/** Why `name` may not be opened, or undefined. */
async function pathFault(folder: string, name: string, roots: string[]): Promise<string | undefined> {
  const fault = shardNameFault(name)
  if (fault) return fault
  try {
    const real = await realpath(join(folder, name))
    if (!roots.some((root) => real.startsWith(root + sep))) return `${name} links to a file outside the folder`
    return (await stat(real)).isFile() ? undefined : `${name} is not a file`
  } catch {
    return `${name} is missing`
  }
}

function failWith(folder: string, faults: string[]): void {
  if (faults.length === 0) return
  const more = faults.length > MAX_FAULTS_SHOWN ? `; and ${faults.length - MAX_FAULTS_SHOWN} more` : ''
  throw invalid(`${folder}: ${faults.slice(0, MAX_FAULTS_SHOWN).join('; ')}${more}`)
}

/** `weight_map` of an index file: tensor name to shard file name. */
export async function readWeightMap(path: string): Promise<Map<string, string>> {
  const text = await readModelFile(dirname(path), basename(path))
  if (text === undefined) throw invalid(`${path}: it links to a file that is not there`)
  return parseWeightMap(text, path)
}

/** The same from the file's text; `path` is for messages. Throws FoveaError `checkpoint_invalid`. */
export function parseWeightMap(text: string, path: string): Map<string, string> {
  let index: StrictJson
  try {
    index = parseStrictJson(text)
  } catch (error) {
    throw invalid(`${path}: not valid JSON: ${(error as Error).message}`)
  }
  const map = index instanceof Map ? index.get('weight_map') : undefined
  if (map instanceof Map && map.size > 0 && [...map.values()].every((file) => typeof file === 'string')) {
    return map as Map<string, string>
  }
  throw invalid(`${path}: weight_map must map tensor names to file names`)
}

/** Opens every shard that can be opened and records why the others cannot. */
async function openShards(
  folder: string,
  names: Iterable<string>,
  faults: string[],
): Promise<Map<string, SafetensorsFile>> {
  const roots = await allowedRoots(folder)
  const shards = new Map<string, SafetensorsFile>()
  for (const name of names) {
    const fault = await pathFault(folder, name, roots)
    if (fault) faults.push(fault)
    else
      await openSafetensors(join(folder, name)).then(
        (shard) => shards.set(name, shard),
        (error: FoveaError) => faults.push(error.message.replace(join(folder, name), name)),
      )
  }
  return shards
}

/** Compares what the index says with what the shards hold, in both directions. */
function mapFaults(weightMap: Map<string, string>, shards: Map<string, SafetensorsFile>): string[] {
  const faults: string[] = []
  for (const [tensor, file] of weightMap) {
    const shard = shards.get(file)
    if (shard && !shard.tensors.has(tensor))
      faults.push(`${file} lacks tensor ${quoteName(tensor)}, which the index places there`)
  }
  const holder = new Map<string, string>()
  for (const [file, shard] of shards) {
    for (const tensor of shard.tensors.keys()) {
      const other = holder.get(tensor)
      if (other) faults.push(`tensor ${quoteName(tensor)} is in both ${other} and ${file}`)
      else if (!weightMap.has(tensor)) faults.push(`tensor ${quoteName(tensor)} of ${file} is not in the index`)
      holder.set(tensor, file)
    }
  }
  return faults
}

function gatherTensors(shards: Iterable<SafetensorsFile>): Map<string, CheckpointTensor> {
  const tensors = new Map<string, CheckpointTensor>()
  for (const { path, tensors: entries } of shards) {
    for (const [name, entry] of entries) tensors.set(name, { ...entry, file: path })
  }
  return tensors
}

/**
 * Opens the weights of a model folder; only headers are read.
 * @throws FoveaError kind `input`: `checkpoint_invalid` (all faults of the folder in one message),
 *   `checkpoint_missing`, `checkpoint_pickle`, `checkpoint_not_folder`, `file_missing`
 */
export async function openCheckpoint(folder: string): Promise<Checkpoint> {
  const names = await listFolder(folder)
  const single = names.includes(SINGLE)
  if (!single && !names.includes(INDEX)) throw await noWeights(folder, names)
  const weightMap = single ? undefined : await readWeightMap(join(folder, INDEX))
  const faults: string[] = []
  const shards = await openShards(folder, weightMap ? new Set(weightMap.values()) : [SINGLE], faults)
  if (weightMap) for (const fault of mapFaults(weightMap, shards)) faults.push(fault)
  failWith(folder, faults)
  const files = [...shards.values()]
  const tensors = gatherTensors(files)
  function read(name: string): Promise<Uint8Array> {
    const file = files.find((shard) => shard.tensors.has(name))
    if (file) return file.read(name)
    return Promise.reject(new FoveaError('tensor_missing', 'input', `${folder}: there is no tensor "${name}"`))
  }
  return { folder, tensors, read }
}
