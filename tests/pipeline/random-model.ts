import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { type LlavaConfig, llava } from '../../src/models/vlm/llava.ts'
import { requiredWeights } from '../../src/pipeline/flow/trace-model.ts'
import { f32, type Value } from '../../src/runtime/index.ts'
import { initialise } from '../../src/training/initialise.ts'
import { exportMini } from '../../src/training/mini/export.ts'
import { specialTokens } from '../../src/training/mini/tokenizer.ts'
import { Rng } from '../../src/world/rng.ts'

const tokenizerPath = fileURLToPath(new URL('../../models/fovea-mini/tokenizer.json', import.meta.url))

/** Special tokens get no logit, so greedy answers run on until they are long enough. */
function randomWeights(config: LlavaConfig): Map<string, Value> {
  const values = new Map<string, Value>()
  for (const [name, shape] of requiredWeights(llava.bind(config))) {
    const data = initialise(name, shape, config.text_config.num_hidden_layers, Rng.from(1, name))
    if (name.endsWith('lm_head.weight')) data.fill(0, 0, specialTokens.length * shape[1])
    values.set(name, f32(shape, data))
  }
  return values
}

/** Writes a whole model folder in Hugging Face form, with the tokenizer of fovea-mini and random weights. */
export async function writeRandomModel(folder: string, configFor: (vocabulary: number) => LlavaConfig): Promise<void> {
  const tokenizer = JSON.parse(await readFile(tokenizerPath, 'utf8'))
  const config = configFor(Object.keys(tokenizer.model.vocab).length)
  await exportMini(folder, { config, values: randomWeights(config), tokenizer })
}
