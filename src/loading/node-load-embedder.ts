import { weightTable } from '../checkpoints/weight-table.ts'
import { Embedder } from '../embedding/embedder.ts'
import type { Embeds } from '../embedding/embedder-parts.ts'
import { MethodEmbedder } from '../embedding/method-embedder.ts'
import { assertArgument, assertOptions, type OptionForm } from '../errors.ts'
import { localSource } from '../hub/model-source.ts'
import { resolveModel } from '../hub/resolve.ts'
import type { ImageInput } from '../media/image.ts'
import { findDualFamily } from '../models/find-family.ts'
import type { Method } from '../pipeline/method/method.ts'
import { estimateEmbedder } from '../quantization/estimate.ts'
import { assertFits } from '../quantization/node-memory.ts'
import { NodeBackend } from '../runtime/node/backend.ts'
import { loadTokenizer } from '../text/load-tokenizer.ts'
import { readModelJson } from '../text/model-file.ts'
import { assertName } from './model-name.ts'
import { type LoadOptions, loadModel } from './node-load.ts'
import { readEmbedder } from './node-read-model.ts'
import { orAbort } from './or-abort.ts'

export type LoadEmbedderOptions = Pick<
  LoadOptions,
  'device' | 'threads' | 'revision' | 'signal' | 'onProgress' | 'memory'
>

const FORMS: Readonly<Record<keyof LoadEmbedderOptions, OptionForm>> = {
  device: ['cpu', 'cuda', 'webgpu', 'wasm'],
  threads: 'number',
  revision: 'string',
  signal: 'signal',
  onProgress: 'function',
  memory: 'number',
}

/** With a method whose head `embedding` makes an embedder of a model that answers. */
export type LoadMethodEmbedderOptions = LoadOptions & { readonly method: Method }

/**
 * Loads a model that answers as an embedder, by a method such as notellm-2: it embeds images, texts, and both together.
 * @throws FoveaError what `loadModel` and `MethodEmbedder.open` throw
 */
export async function loadEmbedder(name: string, options: LoadMethodEmbedderOptions): Promise<MethodEmbedder>
/**
 * Loads a CLIP or SigLIP model in Hugging Face form: config, tokenizer, processor, safetensors. It computes in fp32.
 * @param name a folder, or `org/name` (`org/name@revision`) of the hub, which is downloaded where the cache lacks it
 * @throws FoveaError kind `input` for what is wrong with the folder, `model_answers` for a vision-language model;
 *   `memory_short`, kind `resource`, for a model that does not fit into memory; kind `usage`: `model_name_invalid`,
 *   `option_unknown`, `option_invalid`
 */
export async function loadEmbedder(name: string, options?: LoadEmbedderOptions): Promise<Embedder>
export async function loadEmbedder(
  name: string,
  options: LoadEmbedderOptions | LoadMethodEmbedderOptions = {},
): Promise<Embeds> {
  assertName('loadEmbedder', name)
  assertArgument('loadEmbedder', 'the second argument', options, 'object')
  const load = () => ('method' in options ? loadByMethod(name, options) : loadDual(name, options))
  return orAbort<Embeds>(options.signal, load, (embedder) => embedder.dispose())
}

async function loadByMethod(name: string, { method, ...options }: LoadMethodEmbedderOptions): Promise<MethodEmbedder> {
  assertArgument('loadEmbedder', 'method', method, 'method')
  const model = await loadModel(name, options)
  try {
    return await MethodEmbedder.open(model, method)
  } catch (error) {
    await model.dispose()
    throw error
  }
}

async function loadDual(name: string, options: LoadEmbedderOptions): Promise<Embedder> {
  assertOptions('loadEmbedder', options, FORMS)
  const { device = 'cpu', threads, revision, signal, onProgress, memory } = options
  const checkConfig = (config: Record<string, unknown>) => findDualFamily(config, name)
  const folder = await resolveModel(name, { revision, signal, onProgress, checkConfig })
  signal?.throwIfAborted()
  const { preprocessor, encoder, stored } = await readEmbedder(await localSource(folder))
  const [tokenizer, tokenizerConfig] = await Promise.all([
    loadTokenizer(folder),
    readModelJson(folder, 'tokenizer_config.json'),
  ])
  assertFits(name, estimateEmbedder(stored.entries), [], memory)
  const backend = new NodeBackend(device)
  const parts = {
    name,
    encoder,
    preprocessor,
    tokenizer,
    tokenizerClass: String(tokenizerConfig?.tokenizer_class ?? ''),
    weights: weightTable(stored.entries, stored.files, threads),
    readImage: async (image: ImageInput) => (await import('../media/read-image.ts')).readImage(image),
  }
  try {
    return await Embedder.open(parts, backend)
  } catch (error) {
    await backend.dispose()
    throw error
  }
}
