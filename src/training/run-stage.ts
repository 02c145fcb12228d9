import type { Architecture } from '../models/family.ts'
import { createScope, type Scope } from '../nn/index.ts'
import { type Backend, f32, type Value, weightsOf } from '../runtime/index.ts'
import type { Tensor } from '../tensor/index.ts'
import { partLeaves } from './freezing.ts'
import { firstValue } from './initialise.ts'
import { pick } from './mini/data.ts'
import type { Stream } from './mix.ts'
import { adamw } from './optimizers.ts'
import type { TrainingStage } from './recipe.ts'
import { type Batch, compileStep, type FrozenWeights } from './step.ts'
import { type Progress, train } from './trainer.ts'

/** How a training is carried out, whatever it trains. */
export interface RunOptions {
  readonly backend: Backend
  /** States, logs and curves; a run begun there is resumed. */
  readonly folder: string
  readonly seed: number
  readonly saveEvery: number
  readonly onStep?: (stage: string, progress: Progress) => void
  readonly onNote?: (note: string) => void
  readonly signal?: AbortSignal
}

/** What the weights of a stage are before it. */
export interface StageStart {
  /** Of the model that is trained on: frozen ones lie where they are. */
  readonly base?: FrozenWeights
  /** Values that are known from before; of the model's own those that are trained must be among them. */
  readonly known: (weight: string) => Value | undefined
}

/** Trains one stage, or goes on with it. Returns all weights that are not the model's own frozen ones. */
export async function runStage(
  run: RunOptions,
  stage: TrainingStage,
  architecture: Architecture,
  batches: Stream<Batch>,
  start: StageStart,
): Promise<ReadonlyMap<string, Value>> {
  const scope = createScope()
  const losses = stage.losses(scope, architecture)
  const { trained, frozen } = partLeaves(scope.parameters, stage.trains)
  const initial = (name: string) => start.known(name) ?? firstOf(scope, name, run.seed, architecture)
  const held = valuesOf([...frozen.keys()].filter((name) => !start.base?.weights?.(name)), initial)
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
    const { folder, saveEvery, onNote, signal } = run
    await train({
      step,
      batch: (at) => pick(batches(at), names),
      total,
      rate,
      schedule,
      folder,
      saveEvery,
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

const valuesOf = (names: readonly string[], value: (name: string) => Value): Map<string, Value> =>
  new Map(names.map((name) => [name, value(name)]))

function firstOf(scope: Scope, name: string, seed: number, { language }: Architecture): Value {
  const { shape } = scope.parameters.get(name) as Tensor
  return f32(shape.map(Number), firstValue(scope, name, { seed, depth: language.layers }))
}
