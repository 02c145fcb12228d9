import { mkdtempSync } from 'node:fs'
import { readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { saveSafetensors, type TensorData } from '../../src/checkpoints/safetensors.ts'
import type { RgbImage } from '../../src/media/image.ts'
import { type LlavaConfig, llava } from '../../src/models/vlm/llava.ts'
import { createScope } from '../../src/nn/index.ts'
import type { Chunk, ChunkResult } from '../../src/pipeline/language-program.ts'
import { layout } from '../../src/pipeline/layout.ts'
import { dense, type Method } from '../../src/pipeline/method.ts'
import type { Model } from '../../src/pipeline/model.ts'
import { loadModel } from '../../src/pipeline/node-load.ts'
import { compile } from '../../src/runtime/index.ts'
import type { NodeBackend } from '../../src/runtime/node/backend.ts'
import { input, type Shape } from '../../src/tensor/index.ts'
import { initialise } from '../../src/training/initialise.ts'
import { chatTemplate, special } from '../../src/training/mini/tokenizer.ts'
import { Rng } from '../../src/world/rng.ts'

const tokenizerPath = fileURLToPath(new URL('../../models/fovea-mini/tokenizer.json', import.meta.url))

/** 16 patches, 4 decoder layers with grouped keys: small enough to trace and run in milliseconds. */
export const tinyConfig = (vocabulary: number): LlavaConfig => ({
  model_type: 'llava',
  vision_config: {
    hidden_size: 32,
    intermediate_size: 64,
    num_hidden_layers: 3,
    num_attention_heads: 4,
    image_size: 32,
    patch_size: 8,
    hidden_act: 'gelu',
    layer_norm_eps: 1e-5,
  },
  text_config: {
    vocab_size: vocabulary,
    hidden_size: 32,
    intermediate_size: 64,
    num_hidden_layers: 4,
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

export const PATCHES = 16
export const LAYERS = 4

/** All weights of an architecture and their shapes, found by tracing it. */
function leavesOf(config: LlavaConfig): ReadonlyMap<string, { readonly shape: Shape }> {
  const scope = createScope()
  const model = llava.bind(config)
  const side = config.vision_config.image_size
  model.connect(scope, model.encode(scope, input('pixels', [1, 3, side, side])).patches)
  const states = model.embed(scope, input('ids', [1, 's'], 'i64'))
  const { hidden } = model.decode(scope, { states, positions: input('positions', [1, 's']) }, {})
  model.logits(scope, hidden)
  return scope.parameters
}

/** Random weights. Special tokens get no logit, so greedy answers run on until they are long enough. */
function randomWeights(config: LlavaConfig, seed: number): Map<string, TensorData> {
  const tensors = new Map<string, TensorData>()
  for (const [name, { shape }] of leavesOf(config)) {
    const data = initialise(name, shape, 4, Rng.from(seed, name))
    if (name.endsWith('lm_head.weight')) data.fill(0, 0, 5 * Number(shape[1]))
    tensors.set(name, { dtype: 'F32', shape: shape.map(Number), data })
  }
  return tensors
}

/** Writes a whole model folder in Hugging Face form. */
export async function writeTinyModel(folder: string, seed = 1): Promise<void> {
  const tokenizer = await readFile(tokenizerPath, 'utf8')
  const vocabulary = Object.keys(JSON.parse(tokenizer).model.vocab).length
  const config = tinyConfig(vocabulary)
  const json = {
    'config.json': config,
    'tokenizer_config.json': { tokenizer_class: 'PreTrainedTokenizerFast', eos_token: '<eos>', pad_token: '<pad>' },
    'preprocessor_config.json': { image_mean: [0.5, 0.5, 0.5], image_std: [0.25, 0.25, 0.25], resample: 3 },
    'generation_config.json': { eos_token_id: special.eos },
  }
  for (const [name, value] of Object.entries(json)) await writeFile(join(folder, name), JSON.stringify(value))
  await writeFile(join(folder, 'tokenizer.json'), tokenizer)
  await writeFile(join(folder, 'chat_template.jinja'), chatTemplate)
  await saveSafetensors(join(folder, 'model.safetensors'), randomWeights(config, seed))
}

export interface Tiny {
  readonly folder: string
  readonly model: Model
  close(): Promise<void>
}

/** A tiny model in a temporary folder, loaded as any other. */
export async function tinyModel(): Promise<Tiny> {
  const folder = mkdtempSync(join(tmpdir(), 'fovea-tiny-'))
  await writeTinyModel(folder)
  const model = await loadModel(folder, { threads: 1 })
  const close = async () => {
    await model.dispose()
    await rm(folder, { recursive: true })
  }
  return { folder, model, close }
}

/** An image of soft random blobs; no two patches alike. */
export function picture(seed = 1, width = 40, height = 40): RgbImage {
  const rng = Rng.from(seed, 'picture')
  return { width, height, data: Uint8Array.from({ length: width * height * 3 }, () => rng.int(0, 255)) }
}

export interface Request {
  readonly prompt?: string
  readonly images?: readonly RgbImage[]
  readonly method?: Method
}

/** The first chunk of a conversation, as `Conversation` makes it. */
export async function promptChunk(model: Model, { prompt, images = [picture()], method = dense }: Request) {
  const { tokenizer, template, architecture } = model.parts
  const text = { type: 'text', text: prompt ?? 'how many red circles are there?' } as const
  const content = [...images.map(() => ({ type: 'image' }) as const), text]
  const rendered = template.render([{ role: 'user', content }], { protect: tokenizer.protect })
  const ids = tokenizer.encode(rendered, { special: true })
  const encoded = []
  for (const image of images) encoded.push(await model.encode(image, method))
  return layout(ids, architecture.imageToken, encoded, 0)
}

export interface Prefill extends ChunkResult {
  readonly chunk: Chunk
  /** Rows in the cache of each layer. */
  readonly rows: readonly number[]
}

/** Runs a prompt once and returns what the language model made of it. */
export async function prefill(model: Model, request: Request = {}): Promise<Prefill> {
  const chunk = await promptChunk(model, request)
  const language = await model.language(request.method ?? dense)
  await language.open('prefill')
  const result = await language.run('prefill', chunk)
  const rows = language.lengths('prefill')
  await language.close('prefill')
  return { ...result, chunk, rows }
}

/** Traced outputs under the model's own weights. */
export async function compileWith(model: Model, backend: NodeBackend, outputs: Parameters<typeof compile>[1]) {
  return compile(backend, outputs, model.parts.weights.compileOptions)
}

export const largestDifference = (a: ArrayLike<number>, b: ArrayLike<number>): number => {
  if (a.length !== b.length) return Number.POSITIVE_INFINITY
  return Array.from(a).reduce((most, value, at) => Math.max(most, Math.abs(value - b[at])), 0)
}
