import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { writeFileAtomic } from '../checkpoints/atomic.ts'
import { FoveaError } from '../errors.ts'
import type { Value } from '../runtime/index.ts'
import { newestState, type TrainingState } from './checkpoints.ts'
import { lossCurve } from './loss-curve.ts'
import { readLossLog } from './loss-log.ts'
import type { TrainingData, TrainingStage } from './recipe.ts'
import { keepSettings, type RunSettings } from './run-settings.ts'
import { type RunOptions, runStage, type StageStart } from './run-stage.ts'

export interface RecipeRun extends RunOptions {
  /** What is trained, for titles. */
  readonly name: string
  readonly stages: readonly TrainingStage[]
  readonly data: TrainingData
  /** What else decides the result: a run is resumed with the same only. */
  readonly settings?: RunSettings
  readonly start: StageStart
}

/**
 * Runs or resumes the stages of a recipe, each in a folder of its name, and draws their curves. Returns the weights, or
 * undefined when the signal ended the run before its last step; calling again then goes on where it stopped.
 * @throws FoveaError `training_settings` for a folder of another run, `training_locked`, `training_diverged`
 */
export async function runRecipe(run: RecipeRun): Promise<ReadonlyMap<string, Value> | undefined> {
  const { folder, name, stages, signal } = run
  const all = settingsOf(run)
  await keepSettings(folder, all)
  const settingsId = createHash('sha256').update(JSON.stringify(all)).digest('hex')
  const known = new Map<string, Value>()
  for (const [at, stage] of stages.entries()) {
    const place = join(folder, stage.name)
    const isLast = at === stages.length - 1
    for (const [weight, value] of await reached({ ...run, settingsId }, stage, place, known, isLast))
      known.set(weight, value)
    if (stage.steps > 0) await drawCurve(place, `${name}, ${stage.name} stage`)
    if (signal?.aborted) return undefined
  }
  return known
}

/** The weights after a stage: those of its last state, where it has ended before. */
async function reached(
  run: RecipeRun,
  stage: TrainingStage,
  folder: string,
  known: ReadonlyMap<string, Value>,
  isLast: boolean,
): Promise<ReadonlyMap<string, Value>> {
  const { state } = isLast ? {} : await newestState(folder, run.settingsId)
  if (state?.step === stage.steps) return weightsIn(state)
  const batches = await stage.batches(run.data)
  const start = { ...run.start, known: (weight: string) => known.get(weight) ?? run.start.known(weight) }
  return runStage({ ...run, folder }, stage, run.data, batches, start)
}

const weightsIn = ({ values }: TrainingState): Map<string, Value> =>
  new Map([...values].filter(([name]) => !name.includes('#')))

/** The weights of the newest state in a folder, of a run without settings; none where there is no state. */
export async function lastState(folder: string): Promise<Map<string, Value>> {
  const { state } = await newestState(folder)
  return state ? weightsIn(state) : new Map()
}

function settingsOf({ seed, settings, stages }: RecipeRun): RunSettings {
  const ofStages = stages.flatMap(({ name, steps, batch, rate }) =>
    Object.entries({ steps, batch, rate }).map(([key, value]) => [`${name} ${key}`, value] as const),
  )
  return { seed, ...settings, ...Object.fromEntries(ofStages) }
}

async function drawCurve(folder: string, title: string): Promise<void> {
  const svg = lossCurve(await readLossLog(folder), { title })
  await writeFileAtomic(`${folder}.svg`, new TextEncoder().encode(svg))
}

/** Steps of every stage, for a short try. Throws FoveaError `recipe_empty` for a recipe of no stages. */
export function withSteps(stages: readonly TrainingStage[], steps: number | undefined): readonly TrainingStage[] {
  if (stages.length === 0)
    throw new FoveaError('recipe_empty', 'usage', 'this recipe has no stages, so it trains nothing')
  return steps === undefined ? stages : stages.map((stage) => ({ ...stage, steps }))
}
