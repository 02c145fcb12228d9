import { FoveaError } from '../errors.ts'
import type { Value } from '../runtime/index.ts'
import { newestState, removeUnfinished, saveState } from './checkpoints.ts'
import { acquireLock } from './lock.ts'
import { type LossLog, openLossLog, type Progress } from './loss-log.ts'
import type { Schedule } from './schedules.ts'
import type { Batch, TrainingStep } from './step.ts'

export type { Progress } from './loss-log.ts'

export interface TrainingRun {
  readonly step: TrainingStep
  /** Batch (or micro-batches) of a 0-based step, a function of the step alone. */
  readonly batch: (step: number) => Batch | readonly Batch[]
  readonly total: number
  readonly rate: number
  readonly schedule: Schedule
  /** Where states are saved and resumed from. */
  readonly folder: string
  readonly saveEvery: number
  /** What tells the runs of a folder apart: a state of other settings is not resumed. */
  readonly settings?: string
  readonly initial: () => ReadonlyMap<string, Value>
  readonly onStep?: (progress: Progress) => void
  readonly onNote?: (note: string) => void
  readonly signal?: AbortSignal
}

/**
 * Runs or resumes a training until its last step, or until the signal; saves on the way and at the end. Returns the
 * number of finished steps. The next batch is made while the engine computes the current one.
 */
export async function train(run: TrainingRun): Promise<number> {
  const release = await acquireLock(run.folder)
  try {
    return await trainLocked(run)
  } finally {
    await release()
  }
}

async function trainLocked(run: TrainingRun): Promise<number> {
  const { state, skipped } = await newestState(run.folder, run.settings)
  for (const note of skipped) run.onNote?.(`skipped an unreadable state: ${note}`)
  if (state && state.step > run.total) throw aheadError(run.folder, state.step, run.total)
  if (state) run.onNote?.(`resuming after step ${state.step}`)
  await removeUnfinished(run.folder)
  await run.step.load(state?.values ?? run.initial())
  const log = await openLossLog(run.folder, state?.step ?? 0)
  try {
    return await runSteps(run, state?.step ?? 0, log)
  } finally {
    await log.close()
  }
}

const aheadError = (folder: string, step: number, total: number): FoveaError => {
  const message = `${folder}: its newest state is of step ${step}, and the training has ${total}; choose another folder`
  return new FoveaError('training_state', 'input', message)
}

async function runSteps(run: TrainingRun, start: number, log: LossLog): Promise<number> {
  let [done, saved] = [start, start]
  let next = done < run.total ? run.batch(done) : undefined
  while (next && !run.signal?.aborted) {
    const started = performance.now()
    const rate = run.rate * run.schedule(done, run.total)
    const pending = run.step.run(next, rate, done + 1)
    next = done + 1 < run.total ? run.batch(done + 1) : undefined
    const losses = await pending
    assertFinite(losses, done + 1, saved, run.folder)
    done++
    const progress = { step: done, total: run.total, rate, losses, milliseconds: performance.now() - started }
    await log.append(progress)
    run.onStep?.(progress)
    if (done % run.saveEvery === 0 || done === run.total) saved = await save(run, done)
  }
  if (done !== saved) await save(run, done)
  return done
}

async function save(run: TrainingRun, step: number): Promise<number> {
  await saveState(run.folder, { step, values: await run.step.read() }, run.settings)
  return step
}

function assertFinite(losses: Readonly<Record<string, number>>, step: number, saved: number, folder: string): void {
  const broken = Object.entries(losses).filter(([, value]) => !Number.isFinite(value))
  if (broken.length === 0) return
  const names = broken.map(([name, value]) => `${name} = ${value}`).join(', ')
  const last = saved ? `the last good state is step ${saved} in ${folder}` : `no state was saved in ${folder} yet`
  throw new FoveaError(
    'training_diverged',
    'resource',
    `step ${step}: ${names}; ${last}; lower the learning rate and resume`,
  )
}
