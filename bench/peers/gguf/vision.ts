/** The vision side of a compared model: what llama.cpp calls an mmproj file (tools/mtmd/clip.cpp there). */
import type { Compared } from '../compared.ts'
import { ALIGNMENT, type Entry, fileTypes, matrix, vector } from './file.ts'
import type { GgufType, TensorInfo } from './tensor-info.ts'

/** Patches of a view; what is left at its edges is no patch. */
export const patchesPerView = ({ checkpoint: { config } }: Compared): number =>
  Math.floor(config.vision_config.image_size / config.vision_config.patch_size) ** 2

const biased = (name: string, from: number, to: number, type: GgufType): TensorInfo[] => [
  matrix(name, from, to, type),
  vector(`${name}.bias`, to),
]
const norm = (name: string, width: number): TensorInfo[] => [
  vector(`${name}.weight`, width),
  vector(`${name}.bias`, width),
]

export function visionTensors(model: Compared, type: GgufType): TensorInfo[] {
  const { config } = model.checkpoint
  const { hidden_size: hidden, intermediate_size: inner, patch_size: patch, ...vision } = config.vision_config
  const text = config.text_config.hidden_size
  const patches = patchesPerView(model)
  const layer = (l: number) => [
    ...norm(`v.blk.${l}.ln1`, hidden),
    ...['attn_q', 'attn_k', 'attn_v', 'attn_out'].flatMap((name) => biased(`v.blk.${l}.${name}`, hidden, hidden, type)),
    ...norm(`v.blk.${l}.ln2`, hidden),
    ...biased(`v.blk.${l}.ffn_up`, hidden, inner, type),
    ...biased(`v.blk.${l}.ffn_down`, inner, hidden, type),
  ]
  const fold = config.scale_factor ?? 1
  const ofClip = vision.model_type === 'clip_vision_model'
  return [
    { name: 'v.patch_embd.weight', shape: [patch, patch, 3, hidden], type: 'F16' },
    ...(ofClip ? [vector('v.class_embd', hidden), ...norm('v.pre_ln', hidden)] : [vector('v.patch_embd.bias', hidden)]),
    { name: 'v.position_embd.weight', shape: [hidden, patches + Number(ofClip)], type: 'F32' },
    ...Array.from({ length: vision.num_hidden_layers }, (_, l) => layer(l)).flat(),
    ...(model.projector === 'idefics3'
      ? [...norm('v.post_ln', hidden), matrix('mm.model.fc', hidden * fold ** 2, text, type)]
      : [...biased('mm.0', hidden, text, type), ...biased('mm.2', text, text, type)]),
  ]
}

export function visionEntries({ checkpoint: { config, processor }, projector }: Compared, type: GgufType): Entry[] {
  const { vision_config: vision, text_config: text, scale_factor } = config
  const { image_mean, image_std, size, image_grid_pinpoints: grid } = processor
  const features = vision.num_hidden_layers + 1 + (config.vision_feature_layer ?? -1)
  return [
    ['general.architecture', 'text', 'clip'],
    ['general.file_type', 'u32', fileTypes[type]],
    ['general.alignment', 'u32', ALIGNMENT],
    ['clip.has_vision_encoder', 'bool', true],
    ['clip.projector_type', 'text', projector],
    vision.hidden_act === 'quick_gelu' ? ['clip.use_silu', 'bool', false] : ['clip.use_gelu', 'bool', true],
    ['clip.vision.image_size', 'u32', vision.image_size],
    ['clip.vision.patch_size', 'u32', vision.patch_size],
    ['clip.vision.embedding_length', 'u32', vision.hidden_size],
    ['clip.vision.feed_forward_length', 'u32', vision.intermediate_size],
    ['clip.vision.block_count', 'u32', vision.num_hidden_layers],
    ['clip.vision.attention.head_count', 'u32', vision.num_attention_heads],
    ['clip.vision.attention.layer_norm_epsilon', 'f32', vision.layer_norm_eps],
    ['clip.vision.projection_dim', 'u32', text.hidden_size],
    ['clip.vision.image_mean', 'f32', image_mean],
    ['clip.vision.image_std', 'f32', image_std],
    ...(scale_factor ? ([['clip.vision.projector.scale_factor', 'u32', scale_factor]] as Entry[]) : []),
    ...(size.longest_edge ? ([['clip.vision.preproc_image_size', 'u32', size.longest_edge]] as Entry[]) : []),
    ...(grid ? ([['clip.vision.image_grid_pinpoints', 'i32', grid.flat()]] as Entry[]) : []),
    ...(projector === 'mlp' ? ([['clip.vision.feature_layer', 'i32', [features]]] as Entry[]) : []),
  ]
}
