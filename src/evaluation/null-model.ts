import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { packageRoot } from '../hub/package-root.ts'
import { type LlavaConfig, llava } from '../models/vlm/llava.ts'
import { requiredWeights } from '../pipeline/flow/trace-model.ts'
import type { Model } from '../pipeline/model.ts'
import { f32, type Value } from '../runtime/index.ts'
import { initialise } from '../training/initialise.ts'
import { exportMini } from '../training/mini/export.ts'
import { special } from '../training/mini/tokenizer.ts'
import { Rng } from '../world/index.ts'
import { loadModel } from './load-model.ts'

/** Widths of null models; which one a seed takes goes round. */
const WIDTHS = [32, 48, 64] as const

const configOf = (vocabulary: number, width: number): LlavaConfig => ({
  model_type: 'llava',
  vision_config: {
    hidden_size: width,
    intermediate_size: 2 * width,
    num_hidden_layers: 2,
    num_attention_heads: 4,
    image_size: 32,
    patch_size: 8,
    hidden_act: 'gelu',
    layer_norm_eps: 1e-5,
  },
  text_config: {
    vocab_size: vocabulary,
    hidden_size: width,
    intermediate_size: 2 * width,
    num_hidden_layers: 3,
    num_attention_heads: 4,
    num_key_value_heads: 2,
    hidden_act: 'silu',
    rms_norm_eps: 1e-6,
    rope_theta: 10000,
    tie_word_embeddings: false,
  },
  image_token_index: special.image,
  projector_hidden_act: 'gelu',
  vision_feature_layer: -1,
  vision_feature_select_strategy: 'default',
})

/**
 * Does some work with a model that knows nothing: a tiny LLaVA with random weights of a seed and the tokenizer of
 * fovea-mini. What it is right about is chance.
 */
export async function withNullModel<Result>(seed: number, work: (model: Model) => Promise<Result>): Promise<Result> {
  const tokenizer = JSON.parse(await readFile(join(packageRoot, 'models/fovea-mini/tokenizer.json'), 'utf8'))
  const config = configOf(Object.keys(tokenizer.model.vocab).length, WIDTHS[seed % WIDTHS.length])
  const folder = await mkdtemp(join(tmpdir(), 'fovea-null-'))
  try {
    await exportMini(folder, { config, values: randomWeights(config, seed), tokenizer })
    const model = await loadModel(folder, { threads: 1 })
    return await work(model).finally(() => model.dispose())
  } finally {
    await rm(folder, { recursive: true })
  }
}

function randomWeights(config: LlavaConfig, seed: number): Map<string, Value> {
  const depth = config.text_config.num_hidden_layers
  const values = [...requiredWeights(llava.bind(config))].map(([name, shape]) => {
    return [name, f32(shape, initialise(name, shape, depth, Rng.from(seed, 'null', name)))] as const
  })
  return new Map(values)
}
