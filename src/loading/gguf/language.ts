/** The language model of a GGUF file: `text_config` and tensors as Hugging Face names them. */
import type { GgufFile } from '../../checkpoints/gguf.ts'
import {
  type LanguageKind,
  languageKinds,
  ROTARY_TENSORS,
  ropeFactors,
  sharedFields,
  type TextFields,
} from './language-kinds.ts'
import { planNames } from './layer-names.ts'
import { numberAt, textAt, unreadGguf } from './metadata.ts'
import type { Planned } from './planned.ts'

export interface GgufLanguage {
  readonly architecture: string
  readonly config: TextFields
  /** By name, those of the language model alone: `model.*` and `lm_head.weight`. */
  readonly tensors: ReadonlyMap<string, Planned>
}

const IN_LAYER = {
  attn_norm: 'input_layernorm',
  attn_q: 'self_attn.q_proj',
  attn_k: 'self_attn.k_proj',
  attn_v: 'self_attn.v_proj',
  attn_output: 'self_attn.o_proj',
  attn_q_norm: 'self_attn.q_norm',
  attn_k_norm: 'self_attn.k_norm',
  ffn_norm: 'post_attention_layernorm',
  ffn_gate: 'mlp.gate_proj',
  ffn_up: 'mlp.up_proj',
  ffn_down: 'mlp.down_proj',
}

const NAMES = { token_embd: 'model.embed_tokens', output_norm: 'model.norm', output: 'lm_head' }

/** Throws FoveaError `checkpoint_format` for an architecture that has no mapping, by name. */
export function kindOfLanguage(file: GgufFile): LanguageKind {
  const architecture = textAt(file, 'general.architecture') ?? ''
  if (Object.hasOwn(languageKinds, architecture)) return languageKinds[architecture]
  const named = `a language model of the architecture "${architecture.slice(0, 60)}"`
  throw unreadGguf(file, `${named} is not read from GGUF; read are ${Object.keys(languageKinds).join(', ')}`)
}

/**
 * Row i of the first half of a head is row 2i of the file, that of the second half row 2i + 1: what `permute` of llama.cpp's
 * conversion did, undone. values [heads * width, columns] or [heads * width]
 */
export function unpaired(values: Float32Array, heads: number, rows: number): Float32Array {
  const [columns, width] = [values.length / rows, rows / heads]
  const out = new Float32Array(values.length)
  for (let row = 0; row < rows; row++) {
    const [head, place] = [Math.floor(row / width), row % width]
    const [half, at] = [Math.floor(place / (width / 2)), place % (width / 2)]
    const from = head * width + 2 * at + half
    out.set(values.subarray(from * columns, (from + 1) * columns), row * columns)
  }
  return out
}

/** What becomes of the values of a tensor. */
function madeOf(file: GgufFile, kind: LanguageKind, config: TextFields) {
  const headsOf: Readonly<Record<string, number>> = {
    attn_q: Number(config.num_attention_heads),
    attn_k: Number(config.num_key_value_heads),
  }
  return (name: string): Partial<Planned> => {
    if (kind.shiftsNorms && /norm\.weight$/.test(name)) return { shift: -1 }
    const heads = headsOf[/^blk\.\d+\.(attn_[qk])\.(?:weight|bias)$/.exec(name)?.[1] ?? '']
    if (!kind.turnsPairs || heads === undefined) return {}
    const [rows] = file.tensors.get(name)!.shape
    if (rows % (2 * heads) !== 0) throw unreadGguf(file, `${rows} rows of ${name} are no ${heads} heads of whole pairs`)
    return { whole: ([values]) => unpaired(values, heads, rows) }
  }
}

/**
 * Reads config and tensors of a language model; values are read later.
 * @throws FoveaError kind `input`: `checkpoint_format` for what is not read, `checkpoint_invalid` naming the key or tensor
 */
export async function ggufLanguage(file: GgufFile): Promise<GgufLanguage> {
  const kind = kindOfLanguage(file)
  const parts = numberAt(file, 'split.count') ?? 1
  if (parts > 1) throw unreadGguf(file, `one of ${parts} parts; join them with llama-gguf-split --merge`)
  if (file.tensors.size === 0) throw unreadGguf(file, 'a vocabulary without weights')
  const shared = sharedFields(file)
  const factors = await ropeFactors(file)
  const fields = { ...shared, ...kind.fields(file, shared), ...(factors && { rope_scaling: factors }) }
  const config = {
    model_type: kind.modelType,
    ...Object.fromEntries(Object.entries(fields).filter(([, v]) => v !== undefined)),
  }
  const inLayer = { ...IN_LAYER, ...kind.inLayer }
  const table = { prefix: '', names: NAMES, blocks: 'blk.', layers: 'model.layers.', inLayer }
  const skipped = (name: string) => ROTARY_TENSORS.includes(name) || name.endsWith('.attn_rot_embd.weight')
  const tensors = planNames(file, table, skipped, madeOf(file, kind, config))
  return { architecture: textAt(file, 'general.architecture')!, config, tensors }
}
