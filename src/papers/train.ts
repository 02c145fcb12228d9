/** Training the weights of a paper's method by its recipe. */
import { join } from 'node:path'
import { saveAdapter } from '../checkpoints/adapter-folder.ts'
import { assertArgument, assertOptions, FoveaError, type OptionForm } from '../errors.ts'
import { loadModel } from '../loading/node-load.ts'
import { createScope } from '../nn/index.ts'
import type { ModelParts } from '../pipeline/parts.ts'
import { type Backend, compile, type Value } from '../runtime/index.ts'
import { NodeBackend } from '../runtime/node/backend.ts'
import { baseValues } from '../training/base-values.ts'
import type { BankContent } from '../training/feature-bank.ts'
import { remember } from '../training/mini/recipe.ts'
import { special, specialTokens } from '../training/mini/tokenizer.ts'
import type { Measuring, Recipe, TrainingData } from '../training/recipe.ts'
import { runRecipe, withSteps } from '../training/run-recipe.ts'
import type { RunOptions } from '../training/run-stage.ts'
import { pick } from '../training/step.ts'
import { buildMethod, parseEntry } from './methods.ts'
import type { Paper } from './paper.ts'
import { papers } from './registry.ts'

/** Entries whose weights can be trained. */
export const trainable: readonly Paper[] = papers.filter((entry) => entry.recipe)

export interface TrainOptions extends Pick<RunOptions, 'onStep' | 'onNote' | 'signal'> {
  /** States, logs, curves and the adapter; a run begun there is resumed. `runs/<id>` unless given. */
  readonly out?: string
  /** Of weights and data. */
  readonly seed?: number
  /** Steps of every stage, in the place of those of the recipe. */
  readonly steps?: number
  /** Scenes whose features are kept, in the place of those of the recipe. */
  readonly scenes?: number
  /** Folder of the model that is trained on, or its name on the hub. */
  readonly base: string
  readonly saveEvery?: number
  readonly threads?: number
}

const TRAIN_FORMS: Readonly<Record<keyof TrainOptions, OptionForm>> = {
  base: 'string',
  out: 'string',
  seed: 'number',
  steps: 'number',
  scenes: 'number',
  saveEvery: 'number',
  threads: 'number',
  onStep: 'function',
  onNote: 'function',
  signal: 'signal',
}

export interface Trained {
  readonly id: string
  /** Folder of the adapter: `weights=FOLDER` names it, and a copy in `methods/<id>` of the model is found by itself. */
  readonly adapter: string
  readonly weights: number
  /** Curves of the stages. */
  readonly curves: readonly string[]
}

/**
 * Trains or resumes the weights of a method: `mqt`, with options `mqt:keys=content`. Returns undefined when the signal ended
 * it before its last step; calling again then goes on where it stopped.
 * @throws FoveaError kind `usage` `recipe_missing`, `recipe_base`, and what `buildMethod` and `runRecipe` refuse
 */
export async function trainMethod(text: string, options: TrainOptions): Promise<Trained | undefined> {
  assertOptions('trainMethod', options, TRAIN_FORMS)
  assertArgument('trainMethod', 'base', options.base, 'string')
  const { entry, given } = parseEntry(text)
  return trainEntry(entry, given, options)
}

/** The same from an entry and the options that were given. */
export async function trainEntry(
  entry: Paper,
  given: Readonly<Record<string, unknown>>,
  options: TrainOptions,
): Promise<Trained | undefined> {
  const { name, options: parsed = {} } = buildMethod(entry, given)
  if (!entry.recipe) throw missing(entry.id)
  const recipe = entry.recipe(parsed)
  const parts = await partsOf(options)
  assertWorldTokens(parts)
  const folder = options.out ?? join('runs', entry.id)
  const values = await runOn(parts, { ...recipe, stages: stagesOf(recipe, options) }, name, folder, options)
  if (!values) return undefined
  const adapter = join(folder, 'adapter')
  await saveAdapter(adapter, { id: entry.id, base: await identityOf(parts), options: recipe.options }, values)
  return {
    id: entry.id,
    adapter,
    weights: [...values.values()].reduce((total, { data }) => total + data.length, 0),
    curves: recipe.stages.map((stage) => join(folder, `${stage.name}.svg`)),
  }
}

async function partsOf({ base, threads, signal }: TrainOptions): Promise<ModelParts> {
  const model = await loadModel(base, { threads, signal })
  await model.dispose()
  return model.parts
}

async function runOn(
  parts: ModelParts,
  recipe: Recipe,
  name: string,
  folder: string,
  options: TrainOptions,
): Promise<ReadonlyMap<string, Value> | undefined> {
  const { seed = 1, saveEvery = 100, onStep, onNote, signal } = options
  const { architecture, tokenizer, weights } = parts
  const backend = new NodeBackend()
  // A short try sees few scenes.
  const most = options.steps === undefined ? Number.POSITIVE_INFINITY : Math.max(1, imagesOf(stagesOf(recipe, options)))
  const bank = async (wanted: BankContent) => {
    const { featureBank } = await import('../training/feature-bank.ts') // draws, which nothing else here does
    const scenes = options.scenes ?? Math.min(wanted.scenes, most)
    return featureBank({ backend, parts, ...wanted, scenes, onNote, signal })
  }
  const drawing = async () => (await import('../training/drawn-scenes.ts')).sceneDrawer(parts)
  const data = { seed, architecture, encode: remember((text) => tokenizer.encode(text)), bank, drawing }
  try {
    const measured = await measuredFor(recipe, { backend, data, weights })
    const trained = await runRecipe({
      backend,
      name,
      folder,
      seed,
      saveEvery,
      onStep,
      onNote,
      signal,
      stages: recipe.stages,
      data,
      settings: {
        method: name,
        base: await identityOf(parts),
        ...(options.scenes !== undefined && { scenes: options.scenes }),
      },
      start: {
        base: weights.compileOptions,
        known: (weight) => measured.get(weight),
        read: (names) => baseValues(weights, names),
      },
    })
    return trained && new Map([...measured, ...trained])
  } catch (error) {
    if (signal?.aborted) return undefined // while scenes were encoded
    throw error
  } finally {
    await backend.dispose()
  }
}

/** How many images the longest stage takes. */
const imagesOf = (stages: Recipe['stages']): number => Math.max(...stages.map(({ steps, batch }) => steps * batch))

/** A recipe may measure its weights and train none. */
const stagesOf = ({ stages, measured }: Recipe, { steps }: TrainOptions): Recipe['stages'] =>
  measured && stages.length === 0 ? [] : withSteps(stages, steps)

/** Weights that a recipe measures before it trains; none for most. */
export async function measuredFor(
  { measured }: Pick<Recipe, 'measured'>,
  { backend, data, weights }: Pick<ModelParts, 'weights'> & { backend: Backend; data: TrainingData },
): Promise<ReadonlyMap<string, Value>> {
  if (!measured) return new Map()
  const run: Measuring['run'] = async (trace, batches) => {
    const program = await compile(backend, trace(createScope()), weights.compileOptions)
    const names = program.inputs.map((input) => input.name)
    const found: Readonly<Record<string, Value>>[] = []
    try {
      for (const batch of batches) found.push((await program.run(pick(batch, names))).values)
    } finally {
      await program.dispose()
    }
    return found
  }
  return measured({ data, run })
}

const identityOf = ({ adapters }: ModelParts): Promise<string> => adapters!.identity()

/** Questions of the World are written with the marks of fovea-mini. Throws FoveaError `recipe_base`. */
function assertWorldTokens({ name, tokenizer }: ModelParts): void {
  const other = [special.eos, special.user, special.assistant].find(
    (id) => tokenizer.tokenToId(specialTokens[id]) !== id,
  )
  if (other === undefined) return
  const message = `${name}: its tokenizer has no ${specialTokens[other]} where fovea-mini has it; recipes on World questions need a model with fovea-mini's tokenizer`
  throw new FoveaError('recipe_base', 'usage', message)
}

function missing(id: string): FoveaError {
  const ids = trainable.map((entry) => entry.id).join(', ')
  return new FoveaError('recipe_missing', 'usage', `${id} has no recipe to train by; those that have one: ${ids}`)
}
