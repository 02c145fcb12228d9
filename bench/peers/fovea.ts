import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { randomCheckpoint } from './random-checkpoint.ts'
import type { Compared } from './shapes.ts'
import { DEPTHS, PROMPTS, type Timing } from './timing.ts'

export interface Setting {
  readonly repeat: number
  readonly folder: string
}

/** In a process of its own, so that the memory is that of one engine. */
export async function measureFovea(
  model: Compared,
  { dtype, repeat, folder }: Setting & { dtype: 'fp32' | 'int8' | 'int4' },
): Promise<Timing> {
  const checkpoint = await randomCheckpoint(model.checkpoint, folder)
  const script = fileURLToPath(new URL('fovea-child.ts', import.meta.url))
  const task = JSON.stringify({ checkpoint, dtype, repeat, prompts: PROMPTS, depths: DEPTHS })
  const { stdout } = await promisify(execFile)(process.execPath, [...process.execArgv, script, task], {
    maxBuffer: 2 ** 26,
    env: { ...process.env, FOVEA_CACHE: `${folder}/cache` },
  })
  return { engine: `Fovea ${dtype}`, ...JSON.parse(stdout.trim().split('\n').at(-1)!) }
}
