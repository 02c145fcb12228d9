/** Recipes run for a few steps, as `fovea train` runs them. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { loadModel } from '../../src/loading/node-load.ts'
import { parseMethod } from '../../src/papers/methods.ts'
import { trainMethod } from '../../src/papers/train.ts'
import { completeSteps, readValues } from '../../src/training/checkpoints.ts'
import { readLossLog } from '../../src/training/loss-log.ts'
import { picture, writeTinyModel } from '../pipeline/tiny-model.ts'

export interface TinyTraining {
  /** Of every step, all losses together, by stage. */
  readonly losses: Readonly<Record<string, readonly number[]>>
  /** Weights that a stage trained, and those that a gradient never reached, by stage. */
  readonly trained: Readonly<Record<string, readonly string[]>>
  readonly unreached: Readonly<Record<string, readonly string[]>>
  /** What the method answers with the adapter that was written. */
  readonly text: string
  readonly visual: number
  /** What a method that embeds makes of the same. */
  readonly embedding?: Float32Array
  readonly weights: number
}

/** What is left at the end of the last stage of the loss at the start of the first: means over so many steps. */
export function lossLeft({ losses }: Pick<TinyTraining, 'losses'>, over = 3): number {
  const all = Object.values(losses).flat()
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length
  return mean(all.slice(-over)) / mean(all.slice(0, over))
}

export interface TinyOptions {
  readonly steps?: number
  readonly scenes?: number
  /** Options that are not bound, for the answer, as `,delta=.5`. */
  readonly use?: string
}

/** Trains a method on the tiny model and a few scenes, exports its adapter, loads that, and asks about a picture. */
export async function trainTiny(
  method: string,
  stages: readonly string[],
  { steps = 3, scenes = 3, use = '' }: TinyOptions = {},
): Promise<TinyTraining> {
  const root = mkdtempSync(join(tmpdir(), 'fovea-trained-'))
  const before = process.env.FOVEA_CACHE
  process.env.FOVEA_CACHE = join(root, 'cache')
  try {
    const [base, out] = [join(root, 'model'), join(root, 'run')]
    await writeTinyModel(base)
    const done = await trainMethod(method, { base, out, steps, scenes, threads: 1 })
    const found = await Promise.all(stages.map(async (stage) => [stage, await stageOf(join(out, stage))] as const))
    const of = <T>(value: (stage: StageEnd) => T) => Object.fromEntries(found.map(([name, end]) => [name, value(end)]))
    const asked = `${method}${method.includes(':') ? ',' : ':'}weights=${done!.adapter}${use}`
    return {
      losses: of(({ losses }) => losses),
      trained: of(({ trained }) => trained),
      unreached: of(({ unreached }) => unreached),
      weights: done!.weights,
      ...(await answer(base, asked)),
    }
  } finally {
    if (before === undefined) delete process.env.FOVEA_CACHE
    else process.env.FOVEA_CACHE = before
    rmSync(root, { recursive: true })
  }
}

async function answer(base: string, method: string) {
  const model = await loadModel(base, { threads: 1 })
  try {
    const asked = { prompt: 'what is it?', images: [picture(1, 64, 64)], method: parseMethod(method) }
    const embedding = asked.method.read?.heads?.embedding ? await model.embed(asked) : undefined
    const { text, tokens } = await model.generate({ ...asked, maxTokens: 3 })
    return { text, visual: tokens.visual.after, embedding }
  } finally {
    await model.dispose()
  }
}

interface StageEnd {
  readonly losses: readonly number[]
  readonly trained: readonly string[]
  readonly unreached: readonly string[]
}

/** What a stage left in its folder. The moments of a weight are zero as long as its gradient is. */
async function stageOf(folder: string): Promise<StageEnd> {
  const [last] = await completeSteps(folder)
  const values = [...(await readValues(join(folder, `step-${String(last).padStart(7, '0')}.safetensors`)))]
  const trained = values.map(([name]) => name).filter((name) => !name.includes('#'))
  const isReached = (weight: string) =>
    values.some(([name, { data }]) => name.startsWith(`${weight}#`) && data.some((value) => Number(value) !== 0))
  const log = await readLossLog(folder)
  return {
    losses: log.map(({ losses }) => Object.values(losses).reduce((sum, value) => sum + value, 0)),
    trained,
    unreached: trained.filter((each) => !isReached(each)),
  }
}
