/** What a model that is compared states of itself. */
import type { Family } from '../../src/models/family.ts'

export interface VisionConfig {
  readonly model_type: string
  readonly hidden_act: string
  readonly layer_norm_eps: number
  readonly hidden_size: number
  readonly intermediate_size: number
  readonly num_hidden_layers: number
  readonly num_attention_heads: number
  readonly image_size: number
  readonly patch_size: number
}

export interface TextConfig {
  readonly model_type: string
  readonly hidden_size: number
  readonly intermediate_size: number
  readonly num_hidden_layers: number
  readonly num_attention_heads: number
  readonly num_key_value_heads: number
  readonly rms_norm_eps: number
  readonly rope_theta: number
  readonly vocab_size: number
  readonly max_position_embeddings: number
  readonly tie_word_embeddings: boolean
}

export type Dtype = 'fp32' | 'int8' | 'int4'
export type PeerType = 'Q4_0' | 'Q8_0' | 'F16'

export interface Compared {
  readonly name: string
  readonly title: string
  readonly checkpoint: ShapedModel
  /** What clip.cpp calls the connector. */
  readonly projector: 'idefics3' | 'mlp'
  /** Pixels of the image that is asked about. */
  readonly image: { readonly width: number; readonly height: number }
  /** The whole text of the question, special tokens included. */
  readonly prompt: string
  readonly dtypes: readonly Dtype[]
  /** Ways to a quarter of the visual tokens, the fastest first. */
  readonly reducers: readonly string[]
  /** All that llama.cpp is measured at, unless named. */
  readonly peerTypes?: readonly PeerType[]
  readonly withPyTorch?: boolean
  /** Too large for a run that names no model. */
  readonly onlyWhenAsked?: boolean
}

export interface ShapedModel {
  readonly name: string
  readonly family: Family
  /** Folder in this repository whose tokenizer and chat template are used. */
  readonly tokenizer: string
  /** config.json */
  readonly config: ConfigJson
  /** preprocessor_config.json */
  readonly processor: ProcessorJson
}

export interface ConfigJson extends Readonly<Record<string, unknown>> {
  readonly vision_config: VisionConfig & Readonly<Record<string, unknown>>
  readonly text_config: TextConfig & Readonly<Record<string, unknown>>
  readonly scale_factor?: number
  readonly vision_feature_layer?: number
}

export interface ProcessorJson extends Readonly<Record<string, unknown>> {
  readonly image_mean: readonly number[]
  readonly image_std: readonly number[]
  readonly size: { readonly longest_edge?: number } & Readonly<Record<string, number>>
  readonly image_grid_pinpoints?: readonly (readonly number[])[]
}
