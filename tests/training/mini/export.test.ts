import { readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { llava } from '../../../src/models/vlm/llava.ts'
import { requiredWeights } from '../../../src/pipeline/flow/trace-model.ts'
import { f32 } from '../../../src/runtime/index.ts'
import { readValues } from '../../../src/training/checkpoints.ts'
import { exportMini } from '../../../src/training/mini/export.ts'
import { temporaryFolder } from '../../cli/fovea.ts'
import { tinyConfig } from '../../pipeline/tiny-model.ts'

const config = tinyConfig(64)

const values = (number: number) =>
  new Map(
    [...requiredWeights(llava.bind(config))].map(([name, shape]) => {
      return [name, f32(shape, new Float32Array(shape.reduce((a, b) => a * b, 1)).fill(number))]
    }),
  )

describe('a model folder in half precision', () => {
  it('says so, is half as large, and holds the nearest halves', async () => {
    const [whole, half] = [temporaryFolder(), temporaryFolder()]
    await exportMini(whole, { config, values: values(0.1), tokenizer: {} })
    await exportMini(half, { config, values: values(0.1), tokenizer: {}, dtype: 'float16' })
    const size = async (folder: string) => (await stat(join(folder, 'model.safetensors'))).size
    expect((await size(half)) / (await size(whole))).toBeLessThan(0.6)
    expect(JSON.parse(await readFile(join(half, 'config.json'), 'utf8')).torch_dtype).toBe('float16')
    const [[, { data }]] = await readValues(join(half, 'model.safetensors')) // as `train mini --from` does
    expect(data[0]).toBe(0.0999755859375)
  })

  it('is refused where a weight is too large for a half', async () => {
    const exported = exportMini(temporaryFolder(), { config, values: values(1e5), tokenizer: {}, dtype: 'float16' })
    await expect(exported).rejects.toMatchObject({ code: 'weights_not_finite' })
  })
})
