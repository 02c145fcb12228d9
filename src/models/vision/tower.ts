import type { Scope } from '../../nn/index.ts'
import type { Tensor } from '../../tensor/index.ts'
import type { EncoderStages, Grid, Patches, VisionLayer } from '../vision-side.ts'

export interface TowerFeatures {
  /** Input of the first layer followed by the output of each. */
  readonly outputs: readonly Patches[]
  readonly layers: readonly VisionLayer[]
  readonly grid: Grid
}

/** States of the last output, [b, special + m, d]. */
export const lastStates = ({ outputs }: Pick<TowerFeatures, 'outputs'>): Tensor => outputs[outputs.length - 1].states

/** A vision encoder with its config bound. */
export interface VisionTower {
  /** Side in pixels of the square images it was trained on. */
  readonly imageSize: number
  readonly patchSize: number
  /** Tokens before the patches (1 with CLS). */
  readonly special: number
  /** Beginnings of the names of weights that checkpoints hold and patch features do not need: pooling heads. */
  readonly ignored: readonly string[]
  /** Pixels [b, 3, H, W] -> the hidden states of all layers. */
  encode(p: Scope, pixels: Tensor, stages?: EncoderStages): TowerFeatures
}

/** How the `vision_config` of a `model_type` is read. A file that declares one is found by itself. */
export interface TowerKind {
  readonly modelType: string
  /** Throws FoveaError `config_invalid` naming the field that does not fit. */
  read(raw: unknown, part: string): VisionTower
}

export const towerKind = (definition: TowerKind): TowerKind => definition
