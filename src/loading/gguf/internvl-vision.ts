/** The vision side of InternVL 2.5, 3 and 3.5 in GGUF (conversion/internvl of llama.cpp): InternViT and a MLP of two layers. */
import type { GgufFile } from '../../checkpoints/gguf.ts'
import { type NameTable, planNames } from './layer-names.ts'
import { numberAt, shapeAt } from './metadata.ts'
import type { Planned } from './planned.ts'
import { at, isSilu, normalisation, sidesOf, type VisionKind } from './vision-metadata.ts'

const TABLE: NameTable = {
  prefix: '',
  names: {
    'v.patch_embd': 'vision_tower.embeddings.patch_embeddings.projection',
    'mm.model.mlp.0': 'multi_modal_projector.layer_norm',
    'mm.model.mlp.1': 'multi_modal_projector.linear_1',
    'mm.model.mlp.3': 'multi_modal_projector.linear_2',
  },
  blocks: 'v.blk.',
  layers: 'vision_tower.encoder.layer.',
  inLayer: {
    ln1: 'layernorm_before',
    ln2: 'layernorm_after',
    attn_q: 'attention.q_proj',
    attn_k: 'attention.k_proj',
    attn_v: 'attention.v_proj',
    attn_q_norm: 'attention.q_norm',
    attn_k_norm: 'attention.k_norm',
    attn_out: 'attention.projection_layer',
    ffn_up: 'mlp.fc1',
    ffn_down: 'mlp.fc2',
  },
}

/** The scale of what a layer adds. */
const SCALE = /^v\.blk\.(\d{1,4})\.ls([12])(?:\.weight)?$/

/** Of the class and of places, with the dimensions of size 1 that files leave out. */
const EMBEDDINGS: Readonly<Record<string, readonly [name: string, dimensions: number]>> = {
  'v.class_embd': ['vision_tower.embeddings.cls_token', 3],
  'v.position_embd.weight': ['vision_tower.embeddings.position_embeddings', 3],
}

const widened = (shape: readonly number[], dimensions: number): number[] => [
  ...new Array(Math.max(0, dimensions - shape.length)).fill(1),
  ...shape,
]

function tensorsOf(file: GgufFile): Map<string, Planned> {
  const found = planNames(file, TABLE, (name) => SCALE.test(name) || Object.hasOwn(EMBEDDINGS, name))
  for (const [stored, { shape }] of file.tensors) {
    const [, layer, which] = SCALE.exec(stored) ?? []
    const [name, dimensions] = layer
      ? [`${TABLE.layers}${layer}.lambda_${which}`, 1]
      : Object.hasOwn(EMBEDDINGS, stored)
        ? EMBEDDINGS[stored]
        : []
    if (name) found.set(name, { file, sources: [stored], shape: widened(shape, dimensions!) })
  }
  return found
}

/** The largest encoder, of 6 billion weights, has other norms; llama.cpp tells it by its sizes, too. */
const hasRootNorms = ({ hidden_size, num_hidden_layers }: ReturnType<typeof sidesOf>): boolean =>
  hidden_size === 3200 && num_hidden_layers === 45

export const internvl: VisionKind = {
  languages: ['qwen2', 'qwen3'],
  read(file, _, tokenId) {
    for (const name of ['mm.model.mlp.1.weight', 'mm.model.mlp.3.weight']) shapeAt(file, name, 2)
    const sides = sidesOf(file)
    const most = numberAt(file, at('preproc_max_tiles')) ?? 12
    return {
      config: {
        model_type: 'internvl',
        vision_config: {
          model_type: 'internvl_vision',
          ...sides,
          // what ggml approximates was trained exactly
          hidden_act: isSilu(file) ? 'silu' : 'gelu',
          attention_bias: file.tensors.has('v.blk.0.attn_q.bias'),
          use_qk_norm: file.tensors.has('v.blk.0.attn_q_norm.weight'),
          norm_type: hasRootNorms(sides) ? 'rms_norm' : 'layer_norm',
        },
        downsample_ratio: 1 / (numberAt(file, at('projector.scale_factor')) ?? 2),
        image_token_id: tokenId('<IMG_CONTEXT>'),
      },
      preprocessor: {
        ...normalisation(file),
        do_resize: true,
        resample: 3,
        size: { height: sides.image_size, width: sides.image_size },
        crop_to_patches: most > 1,
        min_patches: numberAt(file, at('preproc_min_tiles')) ?? 1,
        max_patches: most,
      },
      tensors: tensorsOf(file),
      languagePrefix: 'language_model.',
    }
  },
}
