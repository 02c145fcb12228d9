import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import type { Skipped } from '../row.ts'
import type { Setting } from './fovea.ts'
import { randomCheckpoint } from './random-checkpoint.ts'
import type { Compared } from './shapes.ts'
import { DEPTHS, PROMPTS, type Timing } from './timing.ts'

const run = promisify(execFile)

/** PyTorch with transformers on the same checkpoint, in fp32. */
export async function measurePyTorch(model: Compared, { repeat, folder }: Setting): Promise<Timing | Skipped> {
  const python = process.env.FOVEA_PYTHON ?? 'python3'
  const engine = 'PyTorch fp32'
  try {
    await run(python, ['-c', 'import torch, transformers'])
  } catch {
    return { name: engine, skipped: `${python} has no torch with transformers; name one that has: FOVEA_PYTHON=...` }
  }
  const script = fileURLToPath(new URL('pytorch.py', import.meta.url))
  const checkpoint = await randomCheckpoint(model.checkpoint, folder)
  const task = JSON.stringify({ checkpoint, repeat, prompts: PROMPTS, depths: DEPTHS })
  const { stdout } = await run(python, [script, task])
  return { engine, ...JSON.parse(stdout.trim().split('\n').at(-1)!) }
}
