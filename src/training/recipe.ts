import type { Architecture } from '../models/family.ts'
import type { Scope } from '../nn/index.ts'
import type { Value } from '../runtime/index.ts'
import type { Tensor } from '../tensor/index.ts'
import type { DrawScenes } from './drawn-scenes.ts'
import type { BankContent, FeatureBank } from './feature-bank.ts'
import type { Stream } from './mix.ts'
import { adamw, muon, type Optimizer } from './optimizers.ts'
import type { Schedule } from './schedules.ts'
import type { Batch } from './step.ts'

/** How weights come about: what is trained, on what, in which stages. */
export interface Recipe {
  /** Options of the method that the weights are bound to; the others may be chosen anew at every use. */
  readonly options: Readonly<Record<string, string | number | boolean>>
  /** One after the other; each begins with the weights of those before. */
  readonly stages: readonly TrainingStage[]
  /** Weights that are measured on the data before the first stage, and not trained. */
  readonly measured?: (at: Measuring) => Promise<ReadonlyMap<string, Value>>
}

/** What weights are measured with. */
export interface Measuring {
  readonly data: TrainingData
  /** Computes outputs over the weights of the model, for each of several batches. */
  readonly run: (
    trace: (p: Scope) => Readonly<Record<string, Tensor>>,
    batches: readonly Batch[],
  ) => Promise<readonly Readonly<Record<string, Value>>[]>
}

export interface TrainingStage {
  /** Name of its folder. */
  readonly name: string
  readonly steps: number
  /** Images per step. */
  readonly batch: number
  /** Highest learning rate. */
  readonly rate: number
  readonly schedule: Schedule
  /** Which weights change; the others stay as they were before. */
  readonly trains: (weight: string) => boolean
  /** AdamW for all when absent. */
  readonly optimizer?: (weight: string, leaf: Tensor) => Optimizer
  /** Scalars to minimise (their sum) and to report, over `see` and `read`. */
  losses(p: Scope, architecture: Architecture, encode: TrainingData['encode']): Record<string, Tensor>
  /** The batch of a step: a function of seed and step alone. What the losses do not ask for is left out. */
  batches(data: TrainingData): Stream<Batch> | Promise<Stream<Batch>>
}

/** What batches are made from. */
export interface TrainingData {
  readonly seed: number
  readonly architecture: Architecture
  /** Text to token ids of the model that is trained on. */
  readonly encode: (text: string) => readonly number[]
  /** Scenes of the training split and what the frozen vision encoder makes of them; computed when first asked for. */
  readonly bank: (wanted: BankContent) => Promise<FeatureBank>
  /** What draws scenes as the model takes them, for recipes that run its vision encoder; absent where nothing can draw. */
  readonly drawing?: () => Promise<DrawScenes>
}

/** All weights that a method adds, and none of the model's. */
export const ownWeights = (weight: string): boolean => weight.startsWith('method.')

/** Muon for matrices, AdamW for tables, norms and biases; tables are what `tables` matches. */
export const muonForMatrices =
  (tables: RegExp): NonNullable<TrainingStage['optimizer']> =>
  (weight, { shape }) =>
    shape.length === 2 && !tables.test(weight) ? muon() : adamw()
