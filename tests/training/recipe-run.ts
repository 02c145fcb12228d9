/** A recipe on a tiny model, through the real trainer: what came of its losses, its weights, and the adapter. */
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { saveAdapter } from '../../src/checkpoints/adapter-folder.ts'
import { parseEntry } from '../../src/papers/methods.ts'
import type { Paper } from '../../src/papers/paper.ts'
import { measuredFor } from '../../src/papers/train.ts'
import type { Model } from '../../src/pipeline/model.ts'
import { f32 } from '../../src/runtime/index.ts'
import { NodeBackend } from '../../src/runtime/node/backend.ts'
import { baseValues } from '../../src/training/base-values.ts'
import { newestState } from '../../src/training/checkpoints.ts'
import { sceneDrawer } from '../../src/training/drawn-scenes.ts'
import type { FeatureBank } from '../../src/training/feature-bank.ts'
import { viewsOfScenes } from '../../src/training/kept-pictures.ts'
import { readLossLog } from '../../src/training/loss-log.ts'
import { trainingScene } from '../../src/training/mini/questions.ts'
import type { Recipe, TrainingData } from '../../src/training/recipe.ts'
import { runRecipe, withSteps } from '../../src/training/run-recipe.ts'
import { Rng } from '../../src/world/rng.ts'
import { PATCHES } from '../pipeline/tiny-model.ts'

const WIDTH = 32

/** Eight scenes whose features are noise from a seed, so many views of each. */
export const noiseBank = (views = 1): FeatureBank => ({
  scenes: 8,
  scene: (index) => trainingScene({ split: 'train', seed: 1 }, index),
  features: (indices) => {
    const noise = indices.flatMap((index) => {
      const rng = Rng.from(index, 'features')
      return Array.from({ length: views * PATCHES * WIDTH }, () => rng.normal())
    })
    return { patches: f32([indices.length * views, PATCHES, WIDTH], Float32Array.from(noise)) }
  },
})

export interface RecipeRun {
  /** Losses of each stage, step by step. */
  readonly losses: readonly (readonly Readonly<Record<string, number>>[])[]
  /** Trained weights that no gradient reached. */
  readonly untouched: readonly string[]
  /** Names of all weights that were made. */
  readonly weights: readonly string[]
  /** Folder of the adapter. */
  readonly adapter: string
}

/** Runs every stage of the recipe of `text`, such as `lora:rank=2`, for some steps. */
export async function runOnTiny(model: Model, text: string, steps = 3): Promise<RecipeRun> {
  const { entry, given } = parseEntry(text)
  const recipe = (entry as Paper).recipe!(entry.options!.parse(given))
  const folder = mkdtempSync(join(tmpdir(), `fovea-${entry.id}-`))
  const backend = new NodeBackend()
  try {
    const values = await run(backend, model, entry.id, recipe, folder, steps)
    const adapter = join(folder, 'adapter')
    const base = await model.parts.adapters!.identity()
    await saveAdapter(adapter, { id: entry.id, base, options: recipe.options }, values)
    const names = recipe.stages.map(({ name }) => join(folder, name))
    const logs = await Promise.all(names.map(readLossLog))
    return {
      losses: logs.map((log) => log.map(({ losses }) => losses)),
      untouched: await untouchedIn(names),
      weights: [...values.keys()].sort(),
      adapter,
    }
  } finally {
    await backend.dispose()
  }
}

async function run(backend: NodeBackend, { parts }: Model, id: string, recipe: Recipe, folder: string, steps: number) {
  const { architecture, tokenizer, weights } = parts
  const data: TrainingData = {
    seed: 3,
    architecture,
    encode: (text) => tokenizer.encode(text),
    bank: async ({ method }) => noiseBank(viewsOfScenes(method, architecture).length),
    drawing: async () => sceneDrawer(parts),
  }
  const measured = await measuredFor(recipe, { backend, data, weights })
  const values = await runRecipe({
    backend,
    name: id,
    folder,
    seed: 3,
    saveEvery: 100,
    stages: recipe.measured && recipe.stages.length === 0 ? [] : withSteps(recipe.stages, steps),
    data,
    start: {
      base: weights.compileOptions,
      known: (weight) => measured.get(weight),
      read: (names) => baseValues(weights, names),
    },
  })
  return new Map([...measured, ...values!])
}

/** Weights whose optimizer never saw a gradient. */
async function untouchedIn(folders: readonly string[]): Promise<string[]> {
  const [trained, touched] = [new Set<string>(), new Set<string>()]
  for (const folder of folders) {
    const { state } = await newestState(folder)
    for (const [name, { data }] of state!.values) {
      const [weight, isState] = name.split('#')
      trained.add(weight)
      if (isState && Array.from(data, Number).some((value) => value !== 0)) touched.add(weight)
    }
  }
  return [...trained].filter((weight) => !touched.has(weight))
}
