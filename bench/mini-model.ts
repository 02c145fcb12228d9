import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { loadModel } from '../src/loading/node-load.ts'
import type { Model } from '../src/pipeline/model.ts'
import { miniConfig } from '../src/training/mini/config.ts'
import { special } from '../src/training/mini/tokenizer.ts'
import { writeRandomModel } from '../tests/pipeline/random-model.ts'

/** fovea-mini's shape with random weights: speed does not depend on the values, and answers run to full length. */
export async function withMini<T>(use: (model: Model) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'fovea-bench-'))
  try {
    await writeRandomModel(folder, (vocabulary) => miniConfig(vocabulary, special.image))
    const model = await loadModel(folder)
    return await use(model).finally(() => model.dispose())
  } finally {
    await rm(folder, { recursive: true })
  }
}
