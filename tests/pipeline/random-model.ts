import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { saveSafetensors, type TensorData } from '../../src/checkpoints/safetensors.ts'
import { type LlavaConfig, llava } from '../../src/models/vlm/llava.ts'
import { createScope } from '../../src/nn/index.ts'
import { input, type Shape } from '../../src/tensor/index.ts'
import { initialise } from '../../src/training/initialise.ts'
import { imageMean, imageStd } from '../../src/training/mini/config.ts'
import { chatTemplate, special, specialTokens } from '../../src/training/mini/tokenizer.ts'
import { Rng } from '../../src/world/rng.ts'

const tokenizerPath = fileURLToPath(new URL('../../models/fovea-mini/tokenizer.json', import.meta.url))

/** All weights of an architecture and their shapes, found by tracing it. */
function leavesOf(config: LlavaConfig): ReadonlyMap<string, { readonly shape: Shape }> {
  const scope = createScope()
  const model = llava.bind(config)
  const side = config.vision_config.image_size
  model.connect(scope, model.encode(scope, input('pixels', [1, 3, side, side])).patches)
  const states = model.embed(scope, input('ids', [1, 's'], 'i64'))
  const { hidden } = model.decode(scope, { states, positions: input('positions', [1, 's']) }, {})
  model.logits(scope, hidden)
  return scope.parameters
}

/** Special tokens get no logit, so greedy answers run on until they are long enough. */
function randomWeights(config: LlavaConfig): Map<string, TensorData> {
  const tensors = new Map<string, TensorData>()
  for (const [name, { shape }] of leavesOf(config)) {
    const data = initialise(name, shape, config.text_config.num_hidden_layers, Rng.from(1, name))
    if (name.endsWith('lm_head.weight')) data.fill(0, 0, specialTokens.length * Number(shape[1]))
    tensors.set(name, { dtype: 'F32', shape: shape.map(Number), data })
  }
  return tensors
}

/** Writes a whole model folder in Hugging Face form, with the tokenizer of fovea-mini and random weights. */
export async function writeRandomModel(folder: string, configFor: (vocabulary: number) => LlavaConfig): Promise<void> {
  const tokenizer = await readFile(tokenizerPath, 'utf8')
  const config = configFor(Object.keys(JSON.parse(tokenizer).model.vocab).length)
  const json = {
    'config.json': config,
    'tokenizer_config.json': { tokenizer_class: 'PreTrainedTokenizerFast', eos_token: '<eos>', pad_token: '<pad>' },
    'preprocessor_config.json': { image_mean: imageMean, image_std: imageStd, resample: 3 },
    'generation_config.json': { eos_token_id: special.eos },
  }
  for (const [name, value] of Object.entries(json)) await writeFile(join(folder, name), JSON.stringify(value))
  await writeFile(join(folder, 'tokenizer.json'), tokenizer)
  await writeFile(join(folder, 'chat_template.jinja'), chatTemplate)
  await saveSafetensors(join(folder, 'model.safetensors'), randomWeights(config))
}
