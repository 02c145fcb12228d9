import { FoveaError } from '../errors.ts'
import type { Architecture } from '../models/family.ts'
import { createScope, type Scope } from '../nn/index.ts'
import { type Backend, f32, type Value, weightsOf } from '../runtime/index.ts'
import type { Tensor } from '../tensor/index.ts'
import { partLeaves } from './freezing.ts'
import { firstValue } from './initialise.ts'
import type { Stream } from './mix.ts'
import { adamw } from './optimizers.ts'
import type { TrainingData, TrainingStage } from './recipe.ts'
import { type Batch, compileStep, type FrozenWeights, pick } from './step.ts'
import { type Progress, train } from './trainer.ts'

/** How a training is carried out, whatever it trains. */
export interface RunOptions {
  readonly backend: Backend
  /** States, logs and curves; a run begun there is resumed. */
  readonly folder: string
  readonly seed: number
  readonly saveEvery: number
  /** What tells the runs of a folder apart. */
  readonly settingsId?: string
  readonly onStep?: (stage: string, progress: Progress) => void
  readonly onNote?: (note: string) => void
  readonly signal?: AbortSignal
}

/** What the weights of a stage are before it. */
export interface StageStart {
  /** Of the model that is trained on: frozen ones lie where they are. */
  readonly base?: FrozenWeights
  /** Values that are known from before. */
  readonly known: (weight: string) => Value | undefined
  /** Values of the model that is trained on, for those of its weights that are to change. */
  readonly read?: (weights: readonly string[]) => Promise<ReadonlyMap<string, Value>>
}

/** Trains one stage, or goes on with it. Returns all weights that are not the model's own frozen ones. */
export async function runStage(
  run: RunOptions,
  stage: TrainingStage,
  { architecture, encode }: Pick<TrainingData, 'architecture' | 'encode'>,
  batches: Stream<Batch>,
  start: StageStart,
): Promise<ReadonlyMap<string, Value>> {
  const scope = createScope()
  const losses = stage.losses(scope, architecture, encode)
  const { trained, frozen } = partLeaves(scope.parameters, stage.trains)
  if (trained.size === 0) throw emptyError(stage.name)
  const read = await start.read?.([...trained.keys()])
  const initial = (name: string) => start.known(name) ?? read?.get(name) ?? firstOf(scope, name, run.seed, architecture)
  const isHeld = (name: string) => start.known(name) !== undefined || !start.base?.weights?.(name)
  const held = valuesOf([...frozen.keys()].filter(isHeld), initial)
  const step = await compileStep(run.backend, {
    losses,
    trained,
    optimizer: stage.optimizer ?? (() => adamw()),
    clip: 1,
    frozen: { ...start.base, weights: (name) => weightsOf(held)(name) ?? start.base?.weights?.(name) },
  })
  try {
    const names = step.program.inputs.map((input) => input.name)
    const { steps: total, rate, schedule } = stage
    const { folder, saveEvery, settingsId, onNote, signal } = run
    await train({
      step,
      batch: (at) => pick(batches(at), names),
      total,
      rate,
      schedule,
      folder,
      saveEvery,
      settings: settingsId,
      initial: () => valuesOf([...trained.keys()], initial),
      onStep: (progress) => run.onStep?.(stage.name, progress),
      onNote,
      signal,
    })
    const reached = [...(await step.read())].filter(([name]) => !name.includes('#'))
    return new Map([...held, ...reached])
  } finally {
    await step.dispose()
  }
}

const emptyError = (stage: string): FoveaError =>
  new FoveaError('recipe_empty', 'usage', `the ${stage} stage trains none of the weights that its losses read`)

const valuesOf = (names: readonly string[], value: (name: string) => Value): Map<string, Value> =>
  new Map(names.map((name) => [name, value(name)]))

function firstOf(scope: Scope, name: string, seed: number, { language }: Architecture): Value {
  const { shape } = scope.parameters.get(name) as Tensor
  return f32(shape.map(Number), firstValue(scope, name, { seed, depth: language.layers }))
}
