import { spawn } from 'node:child_process'
import { access, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import sharp from 'sharp'
import { makeScene } from '../src/world/index.ts'
import { renderPixels } from '../src/world/node-canvas.ts'
import { type Benchmark, medianOf } from './row.ts'

const at = (path: string): string => fileURLToPath(new URL(`../${path}`, import.meta.url))
const exists = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  )

/** Seconds from the start of a process to the last that it printed; it must end well. */
export function secondsToOutput(command: string, args: readonly string[]): Promise<number> {
  return new Promise((resolve, reject) => {
    const started = performance.now()
    let [printed, errors] = [0, '']
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] })
    child.stdout.on('data', () => {
      printed = performance.now()
    })
    child.stderr.on('data', (chunk) => {
      errors += chunk
    })
    child.on('error', reject)
    child.on('close', (code) => {
      if (code === 0 && printed > 0) resolve((printed - started) / 1000)
      else reject(new Error(`${[command, ...args].join(' ')} ended with ${code}: ${errors}`))
    })
  })
}

async function drawScene(path: string): Promise<void> {
  const scene = makeScene({ split: 'test', seed: 0, index: 0 })
  const { size } = scene
  await sharp(Buffer.from(renderPixels(scene)), { raw: { width: size, height: size, channels: 4 } })
    .png()
    .toFile(path)
}

/** A whole `fovea ask`, from the start of the process to the printed answer. */
export const coldStart: Benchmark = {
  name: 'cold-start',
  measure: async ({ repeat }) => {
    const name = 'cold start of fovea ask, to the printed answer'
    if (!(await exists(at('dist/cli.js')))) return [{ name, skipped: 'dist/cli.js is missing: npm run build' }]
    if (!(await exists(at('models/fovea-mini/model.safetensors'))))
      return [{ name, skipped: 'models/fovea-mini/model.safetensors is missing: npm run train:mini' }]
    const folder = await mkdtemp(join(tmpdir(), 'fovea-bench-'))
    try {
      const image = join(folder, 'scene.png')
      await drawScene(image)
      const args = [at('dist/cli.js'), 'ask', image, 'how many objects are there?']
      const value = await medianOf(repeat, () => secondsToOutput(process.execPath, args), 1)
      return [{ name, value, unit: 's', target: { atMost: 1.5 } }]
    } finally {
      await rm(folder, { recursive: true })
    }
  },
}
