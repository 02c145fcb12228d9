import { openCheckpoint } from '../checkpoints/open-checkpoint.ts'
import { resolveModel } from '../hub/resolve.ts'
import { findDualFamily } from '../models/find-family.ts'
import { parsePreprocessor } from '../models/image-processor.ts'
import { NodeBackend } from '../runtime/node/backend.ts'
import { loadTokenizer } from '../text/load-tokenizer.ts'
import { readModelJson } from '../text/model-file.ts'
import { checkWeights } from './check-weights.ts'
import { Embedder } from './embedder.ts'
import { traceDual } from './embedder-program.ts'
import { readConfig, readProcessor, storedWeights } from './node-folder.ts'
import type { LoadOptions } from './node-load.ts'
import { assertFits } from './quantization/node-memory.ts'
import type { StoredWeights } from './quantization/node-stored-weights.ts'
import { weightTable } from './weight-table.ts'

export type LoadEmbedderOptions = Pick<
  LoadOptions,
  'device' | 'threads' | 'revision' | 'signal' | 'onProgress' | 'memory'
>

/**
 * Loads a CLIP or SigLIP model in Hugging Face form: config, tokenizer, processor, safetensors. It computes in fp32.
 * @param name a folder, or `org/name` (`org/name@revision`) of the hub, which is downloaded where the cache lacks it
 * @throws FoveaError kind `input` for what is wrong with the folder, `model_answers` for a vision-language model;
 *   `memory_short`, kind `resource`, for a model that does not fit into memory
 */
export async function loadEmbedder(name: string, options: LoadEmbedderOptions = {}): Promise<Embedder> {
  const { device = 'cpu', threads, revision, signal, onProgress, memory } = options
  const checkConfig = (config: Record<string, unknown>) => findDualFamily(config, name)
  const folder = await resolveModel(name, { revision, signal, onProgress, checkConfig })
  signal?.throwIfAborted()
  const config = await readConfig(folder)
  const family = findDualFamily(config, folder)
  const preprocessor = parsePreprocessor(await readProcessor(folder), folder)
  const encoder = family.bind(config, preprocessor)
  const [checkpoint, tokenizer, tokenizerConfig] = await Promise.all([
    openCheckpoint(folder),
    loadTokenizer(folder),
    readModelJson(folder, 'tokenizer_config.json'),
  ])
  const stored = storedWeights(checkpoint, { weightName: (stored) => family.weightName(stored) })
  checkWeights((scope) => traceDual(encoder, scope), stored.entries, folder)
  assertRoom(name, stored, memory)
  const backend = new NodeBackend(device)
  const parts = {
    name,
    encoder,
    preprocessor,
    tokenizer,
    tokenizerClass: String(tokenizerConfig?.tokenizer_class ?? ''),
    weights: weightTable(stored.entries, stored.files, threads),
  }
  try {
    return await Embedder.open(parts, backend)
  } catch (error) {
    await backend.dispose()
    throw error
  }
}

const FLOAT = 4
/** The engine and this program, without a model; and the states of a batch. */
const BASE = 150e6
const WORK = 100e6

/** The checkpoint is in memory beside the engine's weights while these are made. */
function assertRoom(name: string, { entries }: StoredWeights, available?: number): void {
  let weights = 0
  for (const { shape, byteLength } of entries.values()) weights += byteLength + FLOAT * shape.reduce((a, b) => a * b, 1)
  const total = weights + WORK + BASE
  assertFits(name, { precision: 'fp32', weights, cache: 0, work: WORK, base: BASE, total }, [], available)
}
