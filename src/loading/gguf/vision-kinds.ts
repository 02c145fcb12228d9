/**
 * Vision sides in GGUF files (mmproj-*.gguf): what `clip.projector_type` says of config, processor and the names of tensors.
 * Facts: conversion/*.py and tools/mtmd/clip.cpp of llama.cpp.
 */
import type { GgufFile } from '../../checkpoints/gguf.ts'
import { internvl } from './internvl-vision.ts'
import type { GgufLanguage } from './language.ts'
import { type NameTable, planNames } from './layer-names.ts'
import { flagsAt, ggufError, numberAt, numbersAt, requiredAt, shapeAt, textAt, unreadGguf } from './metadata.ts'
import { qwenTensors } from './qwen-vision.ts'
import {
  activationOf,
  at,
  normalisation,
  sidesOf,
  type TokenIds,
  type VisionKind,
  type VisionPart,
} from './vision-metadata.ts'

const ENCODER = {
  'v.class_embd': 'embeddings.class_embedding',
  'v.patch_embd': 'embeddings.patch_embedding',
  'v.position_embd': 'embeddings.position_embedding',
  'v.pre_ln': 'pre_layrnorm',
  'v.post_ln': 'post_layernorm',
}

const MLP = { ffn_up: 'mlp.fc1', ffn_down: 'mlp.fc2' }
const SWAPPED_MLP = { ffn_down: 'mlp.fc1', ffn_up: 'mlp.fc2' }

/** Files of old converters call the first matrix of the MLP `ffn_down`; its rows tell. */
export function mlpNames(file: GgufFile, hidden: number): typeof MLP | typeof SWAPPED_MLP {
  const [out, width] = file.tensors.get('v.blk.0.ffn_down.weight')?.shape ?? []
  return width === hidden && out !== hidden ? SWAPPED_MLP : MLP
}

const IN_LAYER = {
  ln1: 'layer_norm1',
  attn_q: 'self_attn.q_proj',
  attn_k: 'self_attn.k_proj',
  attn_v: 'self_attn.v_proj',
  attn_out: 'self_attn.out_proj',
  ln2: 'layer_norm2',
}

/** Names of an encoder of CLIP's or SigLIP's shape, and of what lies behind it. */
function namesOf(file: GgufFile, tower: string, hidden: number, behind: Readonly<Record<string, string>>): NameTable {
  const encoder = Object.fromEntries(Object.entries(ENCODER).map(([name, to]) => [name, `${tower}${to}`]))
  const inLayer = { ...IN_LAYER, ...mlpNames(file, hidden) }
  return { prefix: '', names: { ...encoder, ...behind }, blocks: 'v.blk.', layers: `${tower}encoder.layers.`, inLayer }
}

const none = () => false

/** What stands between the rows of tiles; only LLaVA-NeXT has it. Older converters wrote the first name. */
const NEWLINES = ['model.image_newline', 'v.image_newline']

/** Sizes that images may be cut to, [height, width]; the file says width first. Those of the family where it says none. */
function pinpointsOf(file: GgufFile): { readonly image_grid_pinpoints?: number[][] } {
  const flat = file.metadata.get(at('image_grid_pinpoints'))
  if (flat === undefined) return {}
  const count = Array.isArray(flat) ? 2 * Math.ceil(Math.max(1, flat.length) / 2) : 2
  const sizes = numbersAt(file, at('image_grid_pinpoints'), count)!
  const pairs = Array.from({ length: count / 2 }, (_, i) => [sizes[2 * i + 1], sizes[2 * i]])
  return { image_grid_pinpoints: pairs }
}

/** LLaVA 1.5 and LLaVA-NeXT: CLIP or SigLIP up to one of its last layers, and a MLP of two layers. */
const llava: VisionKind = {
  languages: ['llama', 'qwen2', 'qwen3', 'phi3', 'gemma2'],
  read(file, _, tokenId) {
    const isTiled = NEWLINES.some((name) => file.tensors.has(name))
    const pinpoints = isTiled ? pinpointsOf(file) : {}
    for (const name of ['mm.0.weight', 'mm.2.weight']) shapeAt(file, name, 2)
    const sides = sidesOf(file)
    const isClip = file.tensors.has('v.class_embd')
    const deepest = numbersAt(file, at('feature_layer'), 1)?.[0] ?? sides.num_hidden_layers - 1
    const hidden_act = activationOf(file, 'quick_gelu')
    const model_type = isClip ? 'clip_vision_model' : 'siglip_vision_model'
    const side = { height: sides.image_size, width: sides.image_size }
    const cut = { size: { shortest_edge: sides.image_size }, do_center_crop: true, crop_size: side }
    return {
      config: {
        model_type: isTiled ? 'llava_next' : 'llava',
        ...pinpoints,
        vision_config: { model_type, ...sides, hidden_act },
        vision_feature_layer: deepest,
        vision_feature_select_strategy: isClip ? 'default' : 'full',
        multimodal_projector_bias: file.tensors.has('mm.0.bias'),
        image_token_index: tokenId('<image>', true),
      },
      preprocessor: {
        ...normalisation(file),
        ...pinpoints,
        do_resize: true,
        resample: 3,
        ...(isClip ? cut : { size: side }),
      },
      tensors: planNames(
        file,
        namesOf(file, 'vision_tower.vision_model.', sides.hidden_size, {
          'mm.0': 'multi_modal_projector.linear_1',
          'mm.2': 'multi_modal_projector.linear_2',
          ...Object.fromEntries(NEWLINES.map((name) => [name, 'image_newline'])),
        }),
        none,
      ),
      languagePrefix: 'language_model.',
    }
  },
}

/** SmolVLM and Idefics3. */
const idefics3: VisionKind = {
  languages: ['llama'],
  read(file, _, tokenId) {
    const sides = sidesOf(file)
    const longest_edge = numberAt(file, at('preproc_image_size')) ?? 4 * sides.image_size
    const hidden_act = activationOf(file, 'gelu_pytorch_tanh')
    const behind = { 'mm.model.fc': 'model.connector.modality_projection.proj' }
    return {
      config: {
        model_type: 'idefics3',
        vision_config: { model_type: 'idefics3_vision', ...sides, hidden_act },
        scale_factor: numberAt(file, at('projector.scale_factor')) ?? 2,
        image_token_id: tokenId('<image>'),
      },
      preprocessor: {
        ...normalisation(file),
        do_resize: true,
        do_image_splitting: true,
        resample: 1,
        size: { longest_edge },
        max_image_size: { longest_edge: sides.image_size },
      },
      tensors: planNames(file, namesOf(file, 'model.vision_model.', sides.hidden_size, behind), none),
      languagePrefix: 'language_model.',
    }
  },
}

const gemma3: VisionKind = {
  languages: ['gemma3'],
  read(file, _, tokenId) {
    const sides = sidesOf(file)
    const scale = numberAt(file, at('projector.scale_factor')) ?? 4
    const side = { height: sides.image_size, width: sides.image_size }
    const projector = {
      'mm.input_projection.weight': 'multi_modal_projector.mm_input_projection_weight',
      'mm.soft_emb_norm.weight': 'multi_modal_projector.mm_soft_emb_norm.weight',
    }
    const table = namesOf(file, 'vision_tower.vision_model.', sides.hidden_size, {})
    const tensors = planNames(file, table, (name) => Object.hasOwn(projector, name))
    for (const [stored, name] of Object.entries(projector)) {
      const shape = shapeAt(file, stored, stored.includes('norm') ? 1 : 2)
      tensors.set(name, { file, sources: [stored], shape, ...(stored.includes('norm') && { shift: -1 }) })
    }
    return {
      config: {
        model_type: 'gemma3',
        vision_config: {
          model_type: 'siglip_vision_model',
          ...sides,
          hidden_act: activationOf(file, 'gelu_pytorch_tanh'),
        },
        mm_tokens_per_image: Math.floor(sides.image_size / sides.patch_size / scale) ** 2,
        image_token_index: tokenId('<image_soft_token>', true),
      },
      preprocessor: { ...normalisation(file), do_resize: true, resample: 2, size: side },
      tensors,
      languagePrefix: 'language_model.',
    }
  },
}

/** What the processors of Qwen2-VL, and of Qwen3-VL, say where the file does not. */
const PIXELS = { min: 3136, max: 12_845_056 }
const PIXELS_3 = { min: 65_536, max: 16_777_216 }

interface QwenForm {
  readonly modelType: string
  readonly vision: Record<string, unknown>
  readonly pixels?: typeof PIXELS
  /** Names that the encoders before it lack. */
  readonly further?: Readonly<Record<string, string>>
}

function qwenPart(
  file: GgufFile,
  tokenId: TokenIds,
  { modelType, vision, pixels = PIXELS, further }: QwenForm,
): VisionPart {
  const merge = numberAt(file, at('spatial_merge_size')) ?? 2
  const patch = requiredAt(file, at('patch_size'))
  const heads = { num_heads: requiredAt(file, at('attention.head_count')), depth: requiredAt(file, at('block_count')) }
  const squares = { patch_size: patch, spatial_merge_size: merge, temporal_patch_size: 2 }
  return {
    config: {
      model_type: modelType,
      vision_config: { ...heads, ...squares, ...vision },
      image_token_id: tokenId('<|image_pad|>'),
      video_token_id: tokenId('<|video_pad|>'),
    },
    preprocessor: {
      ...normalisation(file),
      do_resize: true,
      resample: 3,
      patch_size: patch,
      merge_size: merge,
      temporal_patch_size: 2,
      min_pixels: numberAt(file, at('image_min_pixels')) ?? pixels.min,
      max_pixels: numberAt(file, at('image_max_pixels')) ?? pixels.max,
    },
    tensors: qwenTensors(file, requiredAt(file, at('embedding_length')), further),
    languagePrefix: '',
  }
}

/** The width of the MLP, which the first files of Qwen2-VL left out. */
const innerOf = (file: GgufFile): number => {
  const [out, width] = shapeAt(file, 'v.blk.0.ffn_up.weight', 2)
  return Math.max(out, width)
}

const qwen2vl: VisionKind = {
  languages: ['qwen2vl'],
  read(file, language, tokenId) {
    const width = requiredAt(file, at('embedding_length'))
    const vision = {
      embed_dim: width,
      hidden_size: language.config.hidden_size,
      mlp_ratio: innerOf(file) / width,
      hidden_act: activationOf(file, 'quick_gelu'),
    }
    return qwenPart(file, tokenId, { modelType: 'qwen2_vl', vision })
  },
}

const qwen25vl: VisionKind = {
  languages: ['qwen2vl'],
  read(file, language, tokenId) {
    const depth = requiredAt(file, at('block_count'))
    const pattern = requiredAt(file, at('n_wa_pattern'))
    if (!Number.isInteger(pattern) || pattern < 1 || depth > 1000)
      throw ggufError(file, `${at('n_wa_pattern')} ${pattern} of ${depth} layers says nothing`)
    const isFull = (layer: number) => (layer + 1) % pattern === 0
    const vision = {
      hidden_size: requiredAt(file, at('embedding_length')),
      out_hidden_size: language.config.hidden_size,
      intermediate_size: innerOf(file),
      hidden_act: 'silu',
      window_size: numberAt(file, at('window_size')) ?? 112,
      tokens_per_second: 2,
      fullatt_block_indexes: Array.from({ length: depth }, (_, layer) => layer).filter(isFull),
    }
    return qwenPart(file, tokenId, { modelType: 'qwen2_5_vl', vision })
  },
}

/** Each layer that the language model is given more of has a merger of its own, under the number of the layer. */
const deepNames = (taps: readonly number[]): Record<string, string> =>
  Object.fromEntries(
    taps.flatMap((layer, at) =>
      Object.entries({ norm: 'norm', fc1: 'mlp.0', fc2: 'mlp.2' }).map(([name, to]) => [
        `v.deepstack.${layer}.${name}`,
        `deepstack_merger_list.${at}.${to}`,
      ]),
    ),
  )

const qwen3vl: VisionKind = {
  languages: ['qwen3vl'],
  read(file, language, tokenId) {
    const taps = flagsAt(file, at('is_deepstack_layers')).flatMap((isTapped, layer) => (isTapped ? layer : []))
    const vision = {
      hidden_size: requiredAt(file, at('embedding_length')),
      out_hidden_size: language.config.hidden_size,
      intermediate_size: innerOf(file),
      hidden_act: activationOf(file, 'gelu_pytorch_tanh'),
      num_position_embeddings: shapeAt(file, 'v.position_embd.weight', 2)[0],
      deepstack_visual_indexes: taps,
    }
    const further = { 'v.position_embd': 'pos_embed', 'v.patch_embd': 'patch_embed.proj', ...deepNames(taps) }
    return qwenPart(file, tokenId, { modelType: 'qwen3_vl', vision, pixels: PIXELS_3, further })
  },
}

const visionKinds: Readonly<Record<string, VisionKind>> = {
  mlp: llava,
  idefics3,
  gemma3,
  qwen2vl_merger: qwen2vl,
  'qwen2.5vl_merger': qwen25vl,
  qwen3vl_merger: qwen3vl,
  internvl,
}

/** Throws FoveaError `checkpoint_format` for a projector that has no mapping, or that is made for another language model. */
export function kindOfVision(file: GgufFile, { architecture }: GgufLanguage): VisionKind {
  const type = textAt(file, 'clip.projector_type') ?? textAt(file, at('projector_type')) ?? 'mlp'
  const known = Object.keys(visionKinds)
  if (!Object.hasOwn(visionKinds, type))
    throw unreadGguf(
      file,
      `a vision side with the projector "${type.slice(0, 60)}" is not read from GGUF; read are ${known.join(', ')}`,
    )
  const kind = visionKinds[type]
  if (kind.languages.includes(architecture)) return kind
  throw unreadGguf(
    file,
    `its projector "${type}" goes with ${kind.languages.join(', ')}, and the language model is a ${architecture}`,
  )
}
