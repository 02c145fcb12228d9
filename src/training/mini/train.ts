import { join } from 'node:path'
import { type LlavaConfig, llava } from '../../models/vlm/llava.ts'
import { createScope } from '../../nn/index.ts'
import { type Backend, f32, type Value } from '../../runtime/index.ts'
import type { Tensor } from '../../tensor/index.ts'
import { Rng } from '../../world/rng.ts'
import { newestState } from '../checkpoints.ts'
import { initialise } from '../initialise.ts'
import { adamw, muon, type Optimizer } from '../optimizers.ts'
import { type Schedule, warmupStableDecay } from '../schedules.ts'
import { compileStep } from '../step.ts'
import { type Progress, train } from '../trainer.ts'
import { type DataOptions, pick, worldBatch } from './data.ts'
import { dialogueLosses, visionLosses } from './losses.ts'

export type StageName = 'vision' | 'dialogue'

export interface StageOptions {
  readonly steps: number
  readonly batch: number
  readonly rate: number
  readonly schedule: Schedule
}

/** Defaults of `fovea train mini`. How the committed weights came about is told in docs/decisions. */
export const miniStages: Readonly<Record<StageName, StageOptions>> = {
  vision: { steps: 1200, batch: 32, rate: 3e-3, schedule: warmupStableDecay(40, 0.3) },
  dialogue: { steps: 4500, batch: 16, rate: 2e-3, schedule: warmupStableDecay(60, 0.3) },
}

export interface MiniRun {
  readonly backend: Backend
  readonly config: LlavaConfig
  readonly folder: string
  readonly seed: number
  readonly text: number
  readonly encode: DataOptions['encode']
  readonly stages: Readonly<Record<StageName, StageOptions>>
  /** Weights to start from; what they lack (the heads of the dense losses) starts at random. */
  readonly start?: ReadonlyMap<string, Value>
  readonly saveEvery: number
  readonly onStep?: (stage: StageName, progress: Progress) => void
  readonly onNote?: (note: string) => void
  readonly signal?: AbortSignal
}

const losses = { vision: visionLosses, dialogue: dialogueLosses }

/** Trains one stage; the dialogue stage starts from the vision encoder of the vision stage. Returns the weights. */
export async function trainStage(run: MiniRun, stage: StageName): Promise<ReadonlyMap<string, Value>> {
  const { batch, steps, rate, schedule } = run.stages[stage]
  const scope = createScope()
  const traced = losses[stage](scope, llava.bind(run.config), { batch, text: run.text })
  const compiled = await compileStep(run.backend, {
    losses: traced,
    trained: scope.parameters,
    optimizer: optimizerFor,
    clip: 1,
  })
  const names = compiled.program.inputs.map((input) => input.name)
  const { image_size: side, patch_size: patch } = run.config.vision_config
  const data: DataOptions = { batch, text: run.text, side, patch, seed: run.seed, split: 'train', encode: run.encode }
  // Each stage draws other scenes.
  const offset = stage === 'vision' ? 1_000_000 : 0
  const earlier = stage === 'dialogue' ? (await newestState(join(run.folder, 'vision'))).state : undefined
  await train({
    step: compiled,
    batch: (step) => pick(worldBatch(data, step + offset), names),
    total: steps,
    rate,
    schedule,
    folder: join(run.folder, stage),
    saveEvery: run.saveEvery,
    initial: () => initialValues(scope.parameters, run, earlier?.values),
    onStep: (progress) => run.onStep?.(stage, progress),
    onNote: run.onNote,
    signal: run.signal,
  })
  const values = await compiled.read()
  await compiled.dispose()
  return new Map([...values].filter(([name]) => !name.includes('#')))
}

/** Muon for the matrices inside the layers, AdamW for embeddings, heads, norms and biases. */
export function optimizerFor(name: string, leaf: Tensor): Optimizer {
  const inner = leaf.shape.length === 2 && /\.layers\.|linear_\d/.test(name)
  return inner ? muon({ weightDecay: 0.02 }) : adamw()
}

function initialValues(
  leaves: ReadonlyMap<string, Tensor>,
  { config, seed, start }: MiniRun,
  earlier?: ReadonlyMap<string, Value>,
): Map<string, Value> {
  const depth = config.text_config.num_hidden_layers
  const entries = [...leaves].map(([name, { shape }]) => {
    const value = () => f32(shape.map(Number), initialise(name, shape, depth, Rng.from(seed, 'initialise', name)))
    return [name, earlier?.get(name) ?? start?.get(name) ?? value()] as const
  })
  return new Map(entries)
}
