/** The whole making of a tower: its training, its curve, and the folder that holds it. */
import { join } from 'node:path'
import { writeFileAtomic } from '../../checkpoints/atomic.ts'
import { assertFinite } from '../../checkpoints/finite.ts'
import { saveHalves } from '../../checkpoints/halves.ts'
import { makeFolder } from '../../checkpoints/make-folder.ts'
import { llava } from '../../models/vlm/llava.ts'
import type { Backend, Value } from '../../runtime/index.ts'
import { loadTokenizer } from '../../text/load-tokenizer.ts'
import { miniConfig } from '../mini/config.ts'
import { readTokenizer, remember } from '../mini/recipe.ts'
import { special } from '../mini/tokenizer.ts'
import { runRecipe, withSteps } from '../run-recipe.ts'
import type { RunOptions } from '../run-stage.ts'
import { findTower, TOWER } from './index.ts'
import type { TowerRecipe, TowerSize } from './tower.ts'

export interface TowerRun extends Omit<RunOptions, 'settingsId'> {
  readonly backend: Backend
  /** A model folder whose tokenizer the tower reads with. */
  readonly base: string
  /** Steps in the place of those of the recipe. */
  readonly steps?: number
  readonly size?: TowerSize
}

export interface TrainedTower {
  readonly id: string
  /** Folder of config, tokenizer or processor, and weights in half precision. */
  readonly model: string
  readonly weights: number
  readonly bytes: number
  readonly curve: string
}

/**
 * Trains or resumes a tower, such as `tower-zc`, and writes it to `folder/model`. Returns undefined when the signal ended it
 * before its last step; calling again then goes on where it stopped.
 * @throws FoveaError `recipe_missing`, and what `runRecipe`, `loadTokenizer` and `nodeArt` throw
 */
export async function trainTower(name: string, run: TowerRun): Promise<TrainedTower | undefined> {
  const { base, folder, seed, steps, size = 'full' } = run
  const tower = findTower(name)
  const tokenizer = await loadTokenizer(base)
  const tokenizerJson = await readTokenizer(join(base, 'tokenizer.json'))
  const recipe = tower.recipe({ tokenizer, tokenizerJson, size })
  // Towers are trained by themselves; the shape of the model beside them decides nothing but how deep a network counts.
  const architecture = llava.bind(miniConfig(tokenizer.vocabSize, special.image))
  const values = await runRecipe({
    ...run,
    name: `tower ${tower.id}`,
    stages: withSteps([recipe.stage], steps),
    data: { seed, architecture, encode: remember((text) => tokenizer.encode(text)), bank: drawsItself },
    settings: { tower: tower.id, size, vocabulary: tokenizer.vocabSize },
    start: { known: () => undefined },
  })
  if (!values) return undefined
  const model = join(folder, 'model')
  const bytes = await writeTower(model, recipe, values)
  const weights = [...ownValues(recipe, values)].reduce((total, [, { data }]) => total + data.length, 0)
  return { id: `${TOWER}${tower.id}`, model, weights, bytes, curve: join(folder, `${recipe.stage.name}.svg`) }
}

const drawsItself = () => Promise.reject(new Error('towers draw what they see: no features are kept for them'))

const isAside = ({ aside }: TowerRecipe, name: string): boolean => aside !== undefined && name.startsWith(aside.prefix)

const ownValues = (recipe: TowerRecipe, values: ReadonlyMap<string, Value>): [string, Value][] =>
  [...values].filter(([name]) => !isAside(recipe, name))

/** Writes what a tower is loaded from; config.json comes last. Returns the bytes of its weights. */
async function writeTower(folder: string, recipe: TowerRecipe, values: ReadonlyMap<string, Value>): Promise<number> {
  for (const [name, { data }] of values) assertFinite(name, data as Float32Array)
  await makeFolder(folder)
  const own = ownValues(recipe, values)
  await saveHalves(join(folder, 'model.safetensors'), own)
  const beside = [...values].filter(([name]) => isAside(recipe, name))
  if (recipe.aside?.file) await saveHalves(join(folder, recipe.aside.file), beside)
  for (const [name, json] of Object.entries(recipe.files))
    await writeFileAtomic(join(folder, name), new TextEncoder().encode(`${JSON.stringify(json, null, 1)}\n`))
  return own.reduce((total, [, { data }]) => total + 2 * data.length, 0)
}
