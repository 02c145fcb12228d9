import { join } from 'node:path'
import { type LlavaConfig, llava } from '../../models/vlm/llava.ts'
import type { Value } from '../../runtime/index.ts'
import type { Tensor } from '../../tensor/index.ts'
import { adamw, muon, type Optimizer } from '../optimizers.ts'
import type { TrainingStage } from '../recipe.ts'
import { lastState } from '../run-recipe.ts'
import { type RunOptions, runStage } from '../run-stage.ts'
import { type Schedule, warmupStableDecay } from '../schedules.ts'
import { type DataOptions, lessonBatches, patchBatches } from './data.ts'
import { lessonLosses, visionLosses } from './losses.ts'
import { namingParts, partsOf } from './parts.ts'

/** In their order. */
export const STAGES = ['vision', 'naming', 'dialogue'] as const
export type StageName = (typeof STAGES)[number]

export interface StageOptions {
  readonly steps: number
  /** Pictures in a step of the first stage, lessons in one of the others. */
  readonly batch: number
  readonly rate: number
  readonly schedule: Schedule
}

/** Defaults of `fovea train mini`. How the committed weights came about is told in docs/decisions. */
export const miniStages: Readonly<Record<StageName, StageOptions>> = {
  vision: { steps: 1400, batch: 32, rate: 2e-3, schedule: warmupStableDecay(60, 0) },
  naming: { steps: 2500, batch: 12, rate: 1.5e-3, schedule: warmupStableDecay(40, 0) },
  dialogue: { steps: 9000, batch: 16, rate: 1.5e-3, schedule: warmupStableDecay(80, 0.3) },
}

export interface MiniRun extends Omit<RunOptions, 'onStep'> {
  readonly config: LlavaConfig
  readonly text: number
  readonly encode: DataOptions['encode']
  readonly stages: Readonly<Record<StageName, StageOptions>>
  /** Weights to start from; what they lack (the heads of the dense losses) starts at random. */
  readonly start?: ReadonlyMap<string, Value>
  readonly onStep?: (stage: StageName, progress: Parameters<NonNullable<RunOptions['onStep']>>[1]) => void
}

/** A stage in the form of all recipes: everything is trained. */
export function miniStage(run: Pick<MiniRun, 'config' | 'text' | 'stages'>, name: StageName): TrainingStage {
  const { batch } = run.stages[name]
  const { image_size: side, patch_size: patch } = run.config.vision_config
  const stage = { name, ...run.stages[name], trains: () => true, optimizer: optimizerFor }
  const data = ({ seed, encode }: Pick<DataOptions, 'seed' | 'encode'>): DataOptions => {
    return { side, patch, seed, split: 'train', encode }
  }
  const parts = (name === 'naming' ? namingParts : partsOf)({ batch, text: run.text })
  const { vocab_size: vocabulary } = run.config.text_config
  if (name === 'vision')
    return {
      ...stage,
      losses: (p, architecture) => visionLosses(p, architecture, batch),
      batches: (given) => patchBatches(data(given), { ...parts[0], batch }),
    }
  return {
    ...stage,
    losses: (p, architecture, encode) => lessonLosses(p, architecture, parts, { size: vocabulary, encode }),
    batches: (given) => lessonBatches(data(given), parts),
  }
}

/** Trains one stage, which goes on from what the one before left in the folder. Returns the weights. */
export async function trainStage(run: MiniRun, name: StageName): Promise<ReadonlyMap<string, Value>> {
  const stage = miniStage(run, name)
  const before = STAGES[STAGES.indexOf(name) - 1]
  const earlier = before && (await lastState(join(run.folder, before)))
  const options = { ...run, folder: join(run.folder, name), onStep: run.onStep as RunOptions['onStep'] }
  const architecture = llava.bind(run.config)
  return runStage(
    options,
    stage,
    { architecture, encode: run.encode },
    await stage.batches({ ...run, architecture, bank: noBank }),
    {
      known: (weight) => earlier?.get(weight) ?? run.start?.get(weight),
    },
  )
}

/** Pixels go through the encoder, which is trained. */
export const noBank = () =>
  Promise.reject(new Error('the encoder of fovea-mini is trained: its features cannot be kept'))

/** Muon for the matrices inside the layers, AdamW for embeddings, heads, norms and biases. */
export function optimizerFor(name: string, leaf: Tensor): Optimizer {
  const inner = leaf.shape.length === 2 && /\.layers\.|linear_\d/.test(name)
  return inner ? muon({ weightDecay: 0.02 }) : adamw()
}
