import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { writeFileAtomic } from '../../src/checkpoints/atomic.ts'
import { f32ToBf16 } from '../../src/checkpoints/dtypes.ts'
import { safetensorsStream, type TensorStream } from '../../src/checkpoints/safetensors.ts'
import { llava } from '../../src/models/vlm/llava.ts'
import { requiredWeights } from '../../src/pipeline/flow/trace-model.ts'
import { writeTinyModel } from '../pipeline/tiny-model.ts'

/** 12.6 M weights a layer. */
const text = { hidden_size: 1024, intermediate_size: 3072, num_attention_heads: 16, num_key_value_heads: 8 }

/** A model folder whose language model has `layers` wide layers in bf16, 25 MB each, with random weights. */
export async function writeLargeModel(folder: string, layers: number): Promise<void> {
  await writeTinyModel(folder)
  const path = join(folder, 'config.json')
  const config = JSON.parse(await readFile(path, 'utf8'))
  Object.assign(config.text_config, { ...text, num_hidden_layers: layers })
  await writeFile(path, JSON.stringify(config))
  const tensors = new Map<string, TensorStream>()
  for (const [name, shape] of requiredWeights(llava.bind(config)))
    tensors.set(name, { dtype: 'BF16', shape, chunks: () => randomBf16(shape) })
  await writeFileAtomic(join(folder, 'model.safetensors'), safetensorsStream(tensors))
}

/** Uniform values with the variance that keeps activations at their size; norms and biases become small. */
async function* randomBf16(shape: readonly number[]): AsyncGenerator<Uint8Array> {
  const count = shape.reduce((a, b) => a * b, 1)
  const reach = shape.length > 1 ? Math.sqrt(3 / shape[1]) : 1
  let state = count
  const values = new Float32Array(count)
  for (let at = 0; at < count; at++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    values[at] = ((state / 2 ** 31 - 1) * reach) as number
  }
  const bits = f32ToBf16(values)
  yield new Uint8Array(bits.buffer)
}
