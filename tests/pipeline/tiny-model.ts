import { mkdtempSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { loadModel } from '../../src/loading/node-load.ts'
import type { RgbImage } from '../../src/media/image.ts'
import type { LlavaConfig } from '../../src/models/vlm/llava.ts'
import type { Chunk, ChunkResult } from '../../src/pipeline/flow/language-program.ts'
import { dense } from '../../src/pipeline/method/compose.ts'
import type { Method } from '../../src/pipeline/method/method.ts'
import type { Placement } from '../../src/pipeline/method/placement.ts'
import type { Model } from '../../src/pipeline/model.ts'
import { expandImages, layout } from '../../src/pipeline/talk/layout.ts'
import { placedBy } from '../../src/pipeline/talk/positions.ts'
import { special } from '../../src/training/mini/tokenizer.ts'
import { Rng } from '../../src/world/rng.ts'
import { writeRandomModel } from './random-model.ts'

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

/** Writes a whole model folder in Hugging Face form. */
export const writeTinyModel = (folder: string): Promise<void> => writeRandomModel(folder, tinyConfig)

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
  const views = encoded.flatMap((image) => image.views)
  const place = (own: Placement) => placedBy(method, architecture, own)
  const expanded = expandImages(ids, architecture.prompt.imageToken, encoded)
  return layout(expanded, architecture.prompt.imageToken, views, 0, { axes: architecture.language.positionAxes, place })
}

export interface Prefill extends ChunkResult {
  readonly chunk: Chunk
  /** Rows in the cache of each layer. */
  readonly rows: readonly number[]
}

let prefills = 0

/** Runs a prompt once and returns what the language model made of it. */
export async function prefill(model: Model, request: Request = {}): Promise<Prefill> {
  const chunk = await promptChunk(model, request)
  const language = await model.language(request.method ?? dense)
  const key = `prefill-${prefills++}` // several may run at once
  await language.open(key)
  const result = await language.run(key, chunk)
  const rows = language.lengths(key)
  await language.close(key)
  return { ...result, chunk, rows }
}

export const largestDifference = (a: ArrayLike<number>, b: ArrayLike<number>): number => {
  if (a.length !== b.length) return Number.POSITIVE_INFINITY
  return Array.from(a).reduce((most, value, at) => Math.max(most, Math.abs(value - b[at])), 0)
}
