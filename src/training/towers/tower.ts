import type { Tensor } from '../../tensor/index.ts'
import type { Tokenizer } from '../../text/tokenizer.ts'
import { adamw, muon, type Optimizer } from '../optimizers.ts'
import type { TrainingStage } from '../recipe.ts'
import { warmupStableDecay } from '../schedules.ts'

/** What a tower is made for. */
export interface TowerOptions {
  /** Of the texts that it reads or is trained on. */
  readonly tokenizer: Tokenizer
  /** Parsed tokenizer.json of the same. */
  readonly tokenizerJson: object
  /** `tiny` is for trying the way, not for use. */
  readonly size: TowerSize
}

export type TowerSize = 'full' | 'tiny'

/** How a small encoder, or a language model, comes about, and the form in which it is kept. */
export interface TowerRecipe {
  readonly stage: TrainingStage
  /** Small files of its folder by name, `config.json` among them. */
  readonly files: Readonly<Record<string, object>>
  /** Weights that are of use only beside the tower, such as a decoder: kept in a file of their own by that name, or not at all. */
  readonly aside?: { readonly prefix: string; readonly file?: string }
}

/** A tower that methods of papers put beside a model. */
export interface Tower {
  readonly id: string
  /** One line for a list. */
  readonly about: string
  recipe(options: TowerOptions): TowerRecipe
}

/** Sizes of a transformer of towers. */
export const layersOf = (size: TowerSize, layers: number) =>
  size === 'full'
    ? { hidden_size: 128, intermediate_size: 256, num_hidden_layers: layers, num_attention_heads: 4 }
    : { hidden_size: 16, intermediate_size: 32, num_hidden_layers: 1, num_attention_heads: 2 }

/** What CLIP's and Fovea's own encoders share. */
export const ENCODER = { hidden_act: 'gelu', layer_norm_eps: 1e-5 } as const

/** Muon for the matrices inside the layers, AdamW for embeddings, kernels, heads, norms and biases. */
const optimizerOf = (name: string, { shape }: Tensor): Optimizer =>
  shape.length === 2 && name.includes('.layers.') ? muon({ weightDecay: 0.02 }) : adamw()

/** How every tower is trained, all of it: sixty steps of warm-up, and down over the last third. */
export const stageOf = (size: TowerSize, { steps, batch }: Pick<TrainingStage, 'steps' | 'batch'>) => ({
  steps,
  batch,
  rate: 2e-3,
  schedule: warmupStableDecay(size === 'full' ? 60 : 1, 0.3),
  trains: () => true,
  optimizer: optimizerOf,
})
