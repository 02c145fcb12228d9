/** GGUF files of a model folder, as the converter of llama.cpp (conversion/*.py there) writes them. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Entry, header } from '../../../bench/peers/gguf/file.ts'
import type { GgufType } from '../../../bench/peers/gguf/tensor-info.ts'
import { bf16ToF32, f16ToF32, f32ToF16 } from '../../../src/checkpoints/dtypes.ts'
import { openCheckpoint } from '../../../src/checkpoints/open-checkpoint.ts'

export interface Values {
  readonly shape: readonly number[]
  readonly data: Float32Array
}

type Tensors = Map<string, Values>
// biome-ignore lint/suspicious/noExplicitAny: config.json as it is
type Config = any

const ALIGNMENT = 32

/** Writes a file; matrices become the type, vectors stay as they are. */
export function writeGgufFile(path: string, entries: readonly Entry[], tensors: Tensors, type: GgufType = 'F32'): void {
  // rows that are no whole blocks are of 16 bits, as llama.cpp's quantizer has them
  const typeOf = ({ shape }: Values): GgufType =>
    shape.length === 1 ? 'F32' : type === 'Q8_0' && shape[shape.length - 1] % 32 ? 'F16' : type
  const infos = [...tensors].map(([name, values]) => ({
    name,
    shape: [...values.shape].reverse(),
    type: typeOf(values),
  }))
  const parts = [...tensors.values()].map((values) => {
    const bytes = Buffer.from(packed(values.data, typeOf(values)).buffer)
    return Buffer.concat([bytes, Buffer.alloc(-bytes.length & (ALIGNMENT - 1))])
  })
  writeFileSync(path, Buffer.concat([header(entries, infos), ...parts]))
}

function packed(data: Float32Array, type: GgufType): { readonly buffer: ArrayBuffer } {
  if (type === 'F32') return { buffer: data.slice().buffer }
  if (type === 'F16') return { buffer: f32ToF16(data).buffer as ArrayBuffer }
  if (type !== 'Q8_0') throw new Error(`no writer for ${type}`)
  const bytes = Buffer.alloc((data.length / 32) * 34)
  for (let block = 0; block < data.length / 32; block++) {
    const values = data.subarray(block * 32, block * 32 + 32)
    const scale = values.reduce((top, value) => Math.max(top, Math.abs(value)), 0) / 127
    bytes.writeUInt16LE(f32ToF16(Float32Array.of(scale))[0], block * 34)
    for (const [i, value] of values.entries()) bytes.writeInt8(Math.round(value / (scale || 1)), block * 34 + 2 + i)
  }
  return { buffer: new Uint8Array(bytes).buffer }
}

const wide = { F32: (bytes: ArrayBuffer) => new Float32Array(bytes) } as Record<
  string,
  (b: ArrayBuffer) => Float32Array
>
wide.F16 = (bytes) => f16ToF32(new Uint16Array(bytes))
wide.BF16 = (bytes) => bf16ToF32(new Uint16Array(bytes))

/** All tensors of a folder in single precision. */
export async function valuesOf(folder: string): Promise<Tensors> {
  const { tensors, read } = await openCheckpoint(folder)
  const found: Tensors = new Map()
  for (const [name, { dtype, shape }] of tensors)
    found.set(name, { shape, data: wide[dtype]((await read(name)).slice().buffer as ArrayBuffer) })
  return found
}

/** `LlamaModel.permute`: the two halves of each head are interleaved. */
function permuted({ shape, data }: Values, heads: number): Values {
  const [rows] = shape
  const [columns, width] = [data.length / rows, rows / heads]
  const out = new Float32Array(data.length)
  for (let head = 0; head < heads; head++)
    for (let half = 0; half < 2; half++)
      for (let i = 0; i < width / 2; i++) {
        const from = head * width + half * (width / 2) + i
        const to = head * width + 2 * i + half
        out.set(data.subarray(from * columns, (from + 1) * columns), to * columns)
      }
  return { shape, data: out }
}

const TEXT: readonly (readonly [RegExp, string])[] = [
  [/^(?:language_model\.|model\.text_model\.|model\.language_model\.)?(?:model\.)?embed_tokens\./, 'token_embd.'],
  [/^(?:language_model\.)?lm_head\./, 'output.'],
  [/^(?:language_model\.model|model\.text_model|model\.language_model|model)\.norm\./, 'output_norm.'],
  [/^(?:language_model\.model|model\.text_model|model\.language_model|model)\.layers\.(\d+)\./, 'blk.$1.'],
]

const textParts = (isSandwich: boolean): Record<string, string> => ({
  input_layernorm: 'attn_norm',
  'self_attn.q_proj': 'attn_q',
  'self_attn.k_proj': 'attn_k',
  'self_attn.v_proj': 'attn_v',
  'self_attn.o_proj': 'attn_output',
  'self_attn.qkv_proj': 'attn_qkv',
  'self_attn.q_norm': 'attn_q_norm',
  'self_attn.k_norm': 'attn_k_norm',
  'mlp.gate_proj': 'ffn_gate',
  'mlp.up_proj': 'ffn_up',
  'mlp.gate_up_proj': 'ffn_up',
  'mlp.down_proj': 'ffn_down',
  post_attention_layernorm: isSandwich ? 'post_attention_norm' : 'ffn_norm',
  pre_feedforward_layernorm: 'ffn_norm',
  post_feedforward_layernorm: 'post_ffw_norm',
})

/** The name of a tensor of the language model in GGUF, or undefined for one of the vision side. */
function textName(name: string, isSandwich: boolean): string | undefined {
  const [pattern, to] = TEXT.find(([pattern]) => pattern.test(name)) ?? []
  if (!pattern) return undefined
  const short = name.replace(pattern, to!)
  const [, block, part, ending] = /^(blk\.\d+\.)(.+)(\.weight|\.bias)$/.exec(short) ?? []
  return block ? `${block}${textParts(isSandwich)[part]}${ending}` : short
}

/** The language model as a GGUF architecture. */
export function textTensors(all: Tensors, text: Config, architecture: string): Tensors {
  const isGemma = architecture.startsWith('gemma')
  const found: Tensors = new Map()
  for (const [name, values] of all) {
    const to = textName(name, isGemma)
    if (to === undefined || (to === 'output.weight' && text.tie_word_embeddings)) continue
    const heads = /attn_q\./.test(to) ? text.num_attention_heads : /attn_k\./.test(to) ? text.num_key_value_heads : 0
    const isPaired = architecture === 'llama' && heads > 0
    const made = isPaired ? permuted(values, heads) : values
    const isShifted = isGemma && /norm\.weight$/.test(to)
    found.set(to, isShifted ? { ...made, data: made.data.map((value) => value + 1) } : made)
  }
  return found
}

export function textEntries(text: Config, architecture: string): Entry[] {
  const a = architecture
  const rope = text.rope_parameters ?? {}
  return [
    ['general.architecture', 'text', a],
    ['general.type', 'text', 'model'],
    ['general.alignment', 'u32', ALIGNMENT],
    [`${a}.block_count`, 'u32', text.num_hidden_layers],
    [`${a}.context_length`, 'u32', text.max_position_embeddings],
    [`${a}.embedding_length`, 'u32', text.hidden_size],
    [`${a}.feed_forward_length`, 'u32', text.intermediate_size],
    [`${a}.attention.head_count`, 'u32', text.num_attention_heads],
    [`${a}.attention.head_count_kv`, 'u32', text.num_key_value_heads],
    [`${a}.attention.layer_norm_rms_epsilon`, 'f32', text.rms_norm_eps],
    [`${a}.rope.freq_base`, 'f32', rope.rope_theta ?? text.rope_theta],
    ...(text.head_dim ? ([[`${a}.attention.key_length`, 'u32', text.head_dim]] as Entry[]) : []),
  ]
}

const [NORMAL, CONTROL] = [1, 3]

/** Vocabulary and template, as a byte-level BPE; where the token `lost` stood is one that means nothing. */
export function tokenEntries(folder: string, lost?: string): Entry[] {
  const { model, added_tokens } = JSON.parse(readFileSync(join(folder, 'tokenizer.json'), 'utf8'))
  const added = added_tokens.map(({ id, content }: { id: number; content: string }) => [content, id] as const)
  const ids = new Map<string, number>([...Object.entries<number>(model.vocab), ...added])
  const tokens = [...ids].sort(([, a], [, b]) => a - b).map(([token]) => (token === lost ? '<unused>' : token))
  const { bos_token: bos } = JSON.parse(readFileSync(join(folder, 'tokenizer_config.json'), 'utf8'))
  const special = new Set(added.map(([token]: readonly [string, number]) => token))
  return [
    ['tokenizer.ggml.model', 'text', 'gpt2'],
    ['tokenizer.ggml.pre', 'text', 'gpt-2'],
    ['tokenizer.ggml.tokens', 'text', tokens],
    ['tokenizer.ggml.token_type', 'i32', tokens.map((token) => (special.has(token) ? CONTROL : NORMAL))],
    ['tokenizer.ggml.merges', 'text', model.merges.map((pair: string | string[]) => [pair].flat().join(' '))],
    ['tokenizer.ggml.eos_token_id', 'u32', 1],
    ...(bos ? ([['tokenizer.ggml.bos_token_id', 'u32', ids.get(bos.content ?? bos)!]] as Entry[]) : []),
    ['tokenizer.ggml.add_bos_token', 'bool', false],
    ['tokenizer.chat_template', 'text', templateOf(folder)],
  ]
}

function templateOf(folder: string): string {
  const jinja = join(folder, 'chat_template.jinja')
  if (existsSync(jinja)) return readFileSync(jinja, 'utf8')
  return JSON.parse(readFileSync(join(folder, 'chat_template.json'), 'utf8')).chat_template
}

/** The parts of an encoder of CLIP's or SigLIP's shape. */
const VISION: readonly (readonly [RegExp, string])[] = [
  [/embeddings\.class_embedding$/, 'v.class_embd'],
  [/embeddings\.patch_embedding\./, 'v.patch_embd.'],
  [/embeddings\.position_embedding\./, 'v.position_embd.'],
  [/pre_layrnorm\./, 'v.pre_ln.'],
  [/post_layernorm\./, 'v.post_ln.'],
  [/encoder\.layers\.(\d+)\.layer_norm1\./, 'v.blk.$1.ln1.'],
  [/encoder\.layers\.(\d+)\.layer_norm2\./, 'v.blk.$1.ln2.'],
  [/encoder\.layers\.(\d+)\.self_attn\.([qkv])_proj\./, 'v.blk.$1.attn_$2.'],
  [/encoder\.layers\.(\d+)\.self_attn\.out_proj\./, 'v.blk.$1.attn_out.'],
  [/encoder\.layers\.(\d+)\.mlp\.fc1\./, 'v.blk.$1.ffn_up.'],
  [/encoder\.layers\.(\d+)\.mlp\.fc2\./, 'v.blk.$1.ffn_down.'],
  [/connector\.modality_projection\.proj\./, 'mm.model.fc.'],
  [/multi_modal_projector\.linear_1\./, 'mm.0.'],
  [/multi_modal_projector\.linear_2\./, 'mm.2.'],
  [/multi_modal_projector\.mm_input_projection_weight$/, 'mm.input_projection.weight'],
  [/multi_modal_projector\.mm_soft_emb_norm\./, 'mm.soft_emb_norm.'],
  [/visual\.blocks\.(\d+)\.norm1\./, 'v.blk.$1.ln1.'],
  [/visual\.blocks\.(\d+)\.norm2\./, 'v.blk.$1.ln2.'],
  [/visual\.blocks\.(\d+)\.attn\.proj\./, 'v.blk.$1.attn_out.'],
  [/visual\.blocks\.(\d+)\.mlp\.(?:fc1|up_proj)\./, 'v.blk.$1.ffn_up.'],
  [/visual\.blocks\.(\d+)\.mlp\.gate_proj\./, 'v.blk.$1.ffn_gate.'],
  [/visual\.blocks\.(\d+)\.mlp\.(?:fc2|down_proj)\./, 'v.blk.$1.ffn_down.'],
  [/visual\.merger\.ln_q\./, 'v.post_ln.'],
  [/visual\.merger\.mlp\.(\d)\./, 'mm.$1.'],
]

/** Queries, keys and values apart; the two frames of a patch apart. */
function takenApart(name: string, { shape, data }: Values): [string, Values][] | undefined {
  const [, block, ending] = /visual\.blocks\.(\d+)\.attn\.qkv\.(.+)$/.exec(name) ?? []
  const third = data.length / 3
  if (block)
    return ['q', 'k', 'v'].map((part, at) => [
      `v.blk.${block}.attn_${part}.${ending}`,
      { shape: [shape[0] / 3, ...shape.slice(1)], data: data.slice(at * third, (at + 1) * third) },
    ])
  if (!/visual\.patch_embed/.test(name)) return undefined
  const [out, channels, , height, width] = shape
  return [0, 1].map((frame) => {
    const one = new Float32Array(data.length / 2)
    for (let i = 0; i < out * channels; i++)
      one.set(data.subarray((2 * i + frame) * height * width, (2 * i + frame + 1) * height * width), i * height * width)
    const ending = frame === 0 ? '' : '.1'
    return [`v.patch_embd.weight${ending}`, { shape: [out, channels, height, width], data: one }]
  })
}

/** @param own names of one family, which go before those of all */
export function visionTensors(all: Tensors, own: readonly (readonly [RegExp, string])[] = []): Tensors {
  const found: Tensors = new Map()
  for (const [name, values] of all) {
    if (textName(name, false) !== undefined || /\.head\./.test(name)) continue
    const mine = own.find(([pattern]) => pattern.test(name))
    const [pattern, to] = mine ?? VISION.find(([pattern]) => pattern.test(name)) ?? []
    const apart = mine ? undefined : takenApart(name, values)
    if (apart) for (const [part, value] of apart) found.set(part, value)
    else if (!pattern) throw new Error(`no name for ${name}`)
    else {
      const short = name.replace(new RegExp(`^.*?(?=${pattern.source})`), '').replace(pattern, to!)
      const isShifted = short === 'mm.soft_emb_norm.weight'
      found.set(short, isShifted ? { ...values, data: values.data.map((value) => value + 1) } : values)
    }
  }
  return found
}

/** What all vision sides state. */
export function visionEntries(config: Config, processor: Config, projector: string): Entry[] {
  const { vision_config: vision } = config
  const width = vision.embed_dim ?? vision.hidden_size
  return [
    ['general.architecture', 'text', 'clip'],
    ['general.type', 'text', 'mmproj'],
    ['general.alignment', 'u32', ALIGNMENT],
    ['clip.has_vision_encoder', 'bool', true],
    ['clip.projector_type', 'text', projector],
    ['clip.vision.image_size', 'u32', [vision.image_size ?? 560].flat()[0]],
    ['clip.vision.patch_size', 'u32', [vision.patch_size].flat()[0]],
    ['clip.vision.embedding_length', 'u32', width],
    ['clip.vision.feed_forward_length', 'u32', vision.intermediate_size ?? vision.hidden_size],
    ['clip.vision.block_count', 'u32', vision.num_hidden_layers ?? vision.depth],
    ['clip.vision.attention.head_count', 'u32', vision.num_attention_heads ?? vision.num_heads],
    ['clip.vision.attention.layer_norm_epsilon', 'f32', vision.layer_norm_eps ?? 1e-6],
    ['clip.vision.image_mean', 'f32', processor.image_mean],
    ['clip.vision.image_std', 'f32', processor.image_std],
  ]
}
