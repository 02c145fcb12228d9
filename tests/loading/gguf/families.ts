/** The fixtures that have a GGUF form, with what of them such files can say. */
import { cpSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Entry } from '../../../bench/peers/gguf/file.ts'
import type { GgufType } from '../../../bench/peers/gguf/tensor-info.ts'
import { saveSafetensors, type TensorData } from '../../../src/checkpoints/safetensors.ts'
import {
  textEntries,
  textTensors,
  tokenEntries,
  valuesOf,
  visionEntries,
  visionTensors,
  writeGgufFile,
} from './write-gguf.ts'

// biome-ignore lint/suspicious/noExplicitAny: config.json as it is
type Config = any

export interface GgufFamily {
  readonly fixture: string
  /** A fixture whose language model takes the place of its own. */
  readonly graft?: string
  readonly architecture: string
  readonly projector: string
  /** What such files cannot say is set to what they mean. */
  readonly patch?: (config: Config, processor: Config) => void
  readonly text?: (text: Config) => Entry[]
  readonly vision?: (config: Config, processor: Config) => Entry[]
  /** Names of tensors of its vision side that others lack. */
  readonly names?: readonly (readonly [RegExp, string])[]
  /** Factors of rotary pairs, which are tensors. */
  readonly factors?: (text: Config) => Record<string, number[]>
}

const features: NonNullable<GgufFamily['vision']> = ({ vision_config: vision, vision_feature_layer: layer }) => [
  ['clip.vision.feature_layer', 'i32', [layer < 0 ? vision.num_hidden_layers + 1 + layer : layer]],
]
const clip: NonNullable<GgufFamily['vision']> = (config, processor) => [
  ['clip.use_gelu', 'bool', false],
  ...features(config, processor),
]
const dropsClass = (config: Config) => {
  config.vision_feature_select_strategy = 'default'
}

/** The factors of Llama 3: short waves turn as they did, long ones `factor` times slower. */
function llama3Factors({ rope_parameters: rope, head_dim: width }: Config): number[] {
  const { rope_theta, factor, low_freq_factor: low, high_freq_factor: high } = rope
  return Array.from({ length: width / 2 }, (_, i) => {
    const wave = 2 * Math.PI * rope_theta ** ((2 * i) / width)
    const turns = rope.original_max_position_embeddings / wave
    const smooth = Math.min(1, Math.max(0, (turns - low) / (high - low)))
    return 1 / ((1 - smooth) / factor + smooth)
  })
}

const qwenSections: GgufFamily['text'] = (text) => [
  ['qwen2vl.rope.dimension_sections', 'i32', [...(text.rope_parameters ?? text.rope_scaling).mrope_section, 0]],
]
/** The first of the layers that look everywhere, then every so many. */
const qwenPattern: GgufFamily['vision'] = ({ vision_config: vision }, { size }) => [
  ['clip.use_silu', 'bool', true],
  ['clip.vision.n_wa_pattern', 'u32', vision.fullatt_block_indexes[0] + 1],
  ['clip.vision.window_size', 'u32', vision.window_size],
  ['clip.vision.image_min_pixels', 'u32', size.shortest_edge],
  ['clip.vision.image_max_pixels', 'u32', size.longest_edge],
]

/** Layers whose outputs the language model of the fixture is given, too. */
const TAPS = [0, 2]

const QWEN3_NAMES: GgufFamily['names'] = [
  ...TAPS.flatMap((layer, at): [RegExp, string][] => [
    [new RegExp(`visual\\.deepstack_merger_list\\.${at}\\.norm\\.`), `v.deepstack.${layer}.norm.`],
    [new RegExp(`visual\\.deepstack_merger_list\\.${at}\\.linear_fc([12])\\.`), `v.deepstack.${layer}.fc$1.`],
  ]),
  [/visual\.blocks\.(\d+)\.attn\.qkv\./, 'v.blk.$1.attn_qkv.'],
  [/visual\.blocks\.(\d+)\.mlp\.linear_fc1\./, 'v.blk.$1.ffn_up.'],
  [/visual\.blocks\.(\d+)\.mlp\.linear_fc2\./, 'v.blk.$1.ffn_down.'],
  [/visual\.merger\.norm\./, 'v.post_ln.'],
  [/visual\.merger\.linear_fc1\./, 'mm.0.'],
  [/visual\.merger\.linear_fc2\./, 'mm.2.'],
  [/visual\.pos_embed\./, 'v.position_embd.'],
  [/visual\.patch_embed\.proj\.bias$/, 'v.patch_embd.bias'],
]

const INTERNVL_NAMES: GgufFamily['names'] = [
  [/embeddings\.cls_token$/, 'v.class_embd'],
  [/embeddings\.position_embeddings$/, 'v.position_embd.weight'],
  [/embeddings\.patch_embeddings\.projection\./, 'v.patch_embd.'],
  [/encoder\.layer\.(\d+)\.layernorm_before\./, 'v.blk.$1.ln1.'],
  [/encoder\.layer\.(\d+)\.layernorm_after\./, 'v.blk.$1.ln2.'],
  [/encoder\.layer\.(\d+)\.attention\.([qkv])_proj\./, 'v.blk.$1.attn_$2.'],
  [/encoder\.layer\.(\d+)\.attention\.projection_layer\./, 'v.blk.$1.attn_out.'],
  [/encoder\.layer\.(\d+)\.lambda_([12])$/, 'v.blk.$1.ls$2.weight'],
  [/encoder\.layer\.(\d+)\.mlp\.fc1\./, 'v.blk.$1.ffn_up.'],
  [/encoder\.layer\.(\d+)\.mlp\.fc2\./, 'v.blk.$1.ffn_down.'],
  [/multi_modal_projector\.layer_norm\./, 'mm.model.mlp.0.'],
  [/multi_modal_projector\.linear_1\./, 'mm.model.mlp.1.'],
  [/multi_modal_projector\.linear_2\./, 'mm.model.mlp.3.'],
]

const internvl = (fixture: string, architecture: string): GgufFamily => ({
  fixture,
  architecture,
  projector: 'internvl',
  names: INTERNVL_NAMES,
  patch: (config) => {
    config.vision_feature_layer = -1
  },
  vision: ({ downsample_ratio: ratio }, { min_patches, max_patches }) => [
    ['clip.use_gelu', 'bool', true],
    ['clip.vision.projector.scale_factor', 'u32', 1 / ratio],
    ['clip.vision.preproc_min_tiles', 'u32', min_patches],
    ['clip.vision.preproc_max_tiles', 'u32', max_patches],
  ],
})

export const FAMILIES: readonly GgufFamily[] = [
  { fixture: 'llava', architecture: 'llama', projector: 'mlp', vision: clip },
  {
    fixture: 'llava-next',
    architecture: 'llama',
    projector: 'mlp',
    names: [[/image_newline$/, 'model.image_newline']],
    vision: (config, processor) => [
      ...clip(config, processor),
      ['clip.vision.mm_patch_merge_type', 'text', 'spatial_unpad'],
      [
        'clip.vision.image_grid_pinpoints',
        'i32',
        config.image_grid_pinpoints.flatMap(([height, width]: number[]) => [width, height]),
      ],
    ],
  },
  { fixture: 'llava-qwen2', architecture: 'qwen2', projector: 'mlp', vision: clip, patch: dropsClass },
  {
    fixture: 'llava-llama3-rope',
    architecture: 'llama',
    projector: 'mlp',
    vision: clip,
    factors: (text) => ({ 'rope_freqs.weight': llama3Factors(text) }),
  },
  {
    fixture: 'llava-phi3',
    architecture: 'phi3',
    projector: 'mlp',
    vision: clip,
    text: ({ rope_parameters: rope, ...text }) => {
      const scale = text.max_position_embeddings / rope.original_max_position_embeddings
      const attention = Math.sqrt(1 + Math.log(scale) / Math.log(rope.original_max_position_embeddings))
      return [
        ['phi3.rope.dimension_count', 'u32', text.hidden_size / text.num_attention_heads],
        ['phi3.rope.scaling.original_context_length', 'u32', rope.original_max_position_embeddings],
        ['phi3.rope.scaling.attn_factor', 'f32', attention],
        ['phi3.attention.sliding_window', 'u32', 0],
      ]
    },
    factors: ({ rope_parameters: rope }) => ({
      'rope_factors_long.weight': rope.long_factor,
      'rope_factors_short.weight': rope.short_factor,
    }),
  },
  {
    fixture: 'llava-siglip',
    architecture: 'llama',
    projector: 'mlp',
    vision: (config, processor) => [['clip.use_gelu', 'bool', true], ...features(config, processor)],
  },
  { fixture: 'llava', graft: 'internvl-qwen3', architecture: 'qwen3', projector: 'mlp', vision: clip },
  {
    fixture: 'llava',
    graft: 'paligemma2',
    architecture: 'gemma2',
    projector: 'mlp',
    vision: clip,
    patch: ({ text_config: text }) => {
      text.query_pre_attn_scalar = text.head_dim
      text.layer_types = ['sliding_attention', 'full_attention', 'sliding_attention']
    },
    text: (text) => [
      ['gemma2.attention.sliding_window', 'u32', text.sliding_window],
      ['gemma2.attn_logit_softcapping', 'f32', text.attn_logit_softcapping],
    ],
  },
  {
    fixture: 'smolvlm',
    architecture: 'llama',
    projector: 'idefics3',
    patch: (config) => {
      config.model_type = 'idefics3' // a file does not tell which of the two
      config.vision_config.model_type = 'idefics3_vision'
    },
    vision: ({ scale_factor }, { size }) => [
      ['clip.use_gelu', 'bool', true],
      ['clip.vision.projector.scale_factor', 'u32', scale_factor],
      ['clip.vision.preproc_image_size', 'u32', size.longest_edge],
    ],
  },
  {
    fixture: 'gemma3',
    architecture: 'gemma3',
    projector: 'gemma3',
    patch: (config) => {
      config.text_config.query_pre_attn_scalar = config.text_config.head_dim
    },
    text: (text) => [
      ['gemma3.attention.sliding_window', 'u32', text.sliding_window],
      ['gemma3.attention.sliding_window_pattern', 'u32', text.sliding_window_pattern],
      ['gemma3.rope.freq_base_swa', 'f32', text.rope_local_base_freq],
      ['gemma3.rope.scaling.type', 'text', 'linear'],
      ['gemma3.rope.scaling.factor', 'f32', text.rope_scaling.factor],
    ],
    vision: () => [
      ['clip.use_gelu', 'bool', true],
      ['clip.vision.projector.scale_factor', 'u32', 2],
    ],
  },
  {
    fixture: 'qwen2-vl',
    architecture: 'qwen2vl',
    projector: 'qwen2vl_merger',
    text: qwenSections,
    vision: (_, { min_pixels, max_pixels }) => [
      ['clip.vision.image_min_pixels', 'u32', min_pixels],
      ['clip.vision.image_max_pixels', 'u32', max_pixels],
    ],
  },
  {
    fixture: 'qwen2.5-vl',
    architecture: 'qwen2vl',
    projector: 'qwen2.5vl_merger',
    text: qwenSections,
    vision: qwenPattern,
  },
  {
    fixture: 'qwen3-vl',
    architecture: 'qwen3vl',
    projector: 'qwen3vl_merger',
    names: QWEN3_NAMES,
    text: ({ rope_parameters: { mrope_section } }) => [
      ['qwen3vl.rope.dimension_sections', 'i32', [...mrope_section, 0]],
      ['qwen3vl.n_deepstack_layers', 'u32', TAPS.length],
    ],
    vision: ({ vision_config: { depth, spatial_merge_size } }, { size }) => [
      ['clip.use_gelu', 'bool', true],
      ['clip.vision.spatial_merge_size', 'u32', spatial_merge_size],
      ['clip.vision.is_deepstack_layers', 'bool', Array.from({ length: depth }, (_, layer) => TAPS.includes(layer))],
      ['clip.vision.image_min_pixels', 'u32', size.shortest_edge],
      ['clip.vision.image_max_pixels', 'u32', size.longest_edge],
    ],
  },
  internvl('internvl', 'qwen2'),
  internvl('internvl-qwen3', 'qwen3'),
]

const root = new URL('../../fixtures/families/', import.meta.url).pathname
const readJson = (path: string): Config => JSON.parse(readFileSync(path, 'utf8'))

/** What GPT-2 cuts words by, which is what a GGUF file of kind `gpt-2` says. */
const GPT2 = { type: 'ByteLevel', add_prefix_space: false, trim_offsets: false, use_regex: true }

/** Puts the language model of another fixture into a copy of one. */
async function grafted(folder: string, graft: string): Promise<void> {
  const isText = (name: string) => name.startsWith('language_model.')
  const [own, other] = [await valuesOf(folder), await valuesOf(join(root, graft))]
  const tensors = new Map([...own].filter(([name]) => !isText(name)))
  for (const [name, values] of other) if (isText(name)) tensors.set(name, values)
  const stored = [...tensors].map(([name, { shape, data }]) => [
    name,
    { dtype: 'F32' as const, shape: [...shape], data },
  ])
  await saveSafetensors(join(folder, 'model.safetensors'), new Map(stored as [string, TensorData][]))
  const { text_config, tie_word_embeddings } = readJson(join(root, graft, 'config.json'))
  const config = { ...readJson(join(folder, 'config.json')), text_config, tie_word_embeddings }
  writeFileSync(join(folder, 'config.json'), JSON.stringify(config))
}

/** A copy of a fixture whose words are cut as a GGUF file can say, and with its config so patched. */
export async function patchedFixture({ fixture, graft, patch }: GgufFamily, folder: string) {
  cpSync(join(root, fixture), folder, { recursive: true })
  if (graft) await grafted(folder, graft)
  const [config, tokenizer] = ['config.json', 'tokenizer.json'].map((name) => readJson(join(folder, name)))
  const all = fixture === 'qwen2.5-vl' ? readJson(join(folder, 'processor_config.json')).image_processor : undefined
  const processor = all ?? readJson(join(folder, 'preprocessor_config.json'))
  patch?.(config, processor)
  writeFileSync(join(folder, 'config.json'), JSON.stringify(config))
  writeFileSync(join(folder, 'tokenizer.json'), JSON.stringify({ ...tokenizer, pre_tokenizer: GPT2 }))
  return { config, processor }
}

export interface Written {
  readonly language: string
  readonly vision: string
}

export interface PairOptions {
  readonly type?: GgufType
  /** A token that the vocabulary is to lack. */
  readonly lost?: string
  /** The matrices of the vision side's MLP under each other's names, as converters once wrote them. */
  readonly swapped?: boolean
}

const swap = (name: string): string =>
  name.replace(/ffn_(up|down)/, (_, part) => (part === 'up' ? 'ffn_down' : 'ffn_up'))

/** Writes both GGUF files of a patched fixture into `to`. */
export async function writeGgufPair(
  family: GgufFamily,
  folder: string,
  to: string,
  { type, lost, swapped = false }: PairOptions = {},
): Promise<Written> {
  const { config, processor } = await patchedFixture(family, folder)
  const text = { ...(config.text_config ?? config) }
  text.tie_word_embeddings = config.tie_word_embeddings ?? text.tie_word_embeddings
  const all = await valuesOf(folder)
  const tensors = textTensors(all, text, family.architecture)
  for (const [name, factors] of Object.entries(family.factors?.(text) ?? {}))
    tensors.set(name, { shape: [factors.length], data: Float32Array.from(factors) })
  const entries = [...textEntries(text, family.architecture), ...(family.text?.(text) ?? [])]
  const written = { language: join(to, 'model.gguf'), vision: join(to, 'mmproj-model.gguf') }
  writeGgufFile(written.language, [...entries, ...tokenEntries(folder, lost)], tensors, type)
  const seen = [...visionEntries(config, processor, family.projector), ...(family.vision?.(config, processor) ?? [])]
  const sight = [...visionTensors(all, family.names)].map(
    ([name, values]) => [swapped ? swap(name) : name, values] as const,
  )
  writeGgufFile(written.vision, seen, new Map(sight))
  return written
}
