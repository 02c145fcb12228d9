import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import type { Skipped } from '../row.ts'
import type { Setting } from './fovea.ts'
import { type GgufType, randomGguf } from './gguf.ts'
import type { Compared } from './shapes.ts'
import { PROMPTS, type Timing } from './timing.ts'

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url))

export async function measureLlamaCpp(
  { name, text }: Compared,
  { type, repeat, folder }: Setting & { type: GgufType },
): Promise<Timing | Skipped> {
  const engine = `llama.cpp ${type}`
  if (!existsSync(here('node_modules/node-llama-cpp')))
    return { name: engine, skipped: 'npm install in bench/peers first' }
  const path = `${folder}/${name}-${type}.gguf`
  await randomGguf(path, text, type)
  const prompts = PROMPTS.flatMap((length) => ['--prompt', String(length)])
  const command = [here('llama-cpp.mjs'), path, ...prompts, '--repeat', String(repeat)]
  const { stdout } = await promisify(execFile)(process.execPath, command)
  return { engine, ...JSON.parse(stdout.trim().split('\n').at(-1)!) }
}
