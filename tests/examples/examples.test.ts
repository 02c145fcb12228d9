import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import sharp from 'sharp'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { picture, writeTinyModel } from '../pipeline/tiny-model.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))

let folder: string
let image: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fovea-examples-'))
  image = join(folder, 'picture.png')
  await writeTinyModel(folder)
  const { data, width, height } = picture()
  await sharp(data, { raw: { width, height, channels: 3 } })
    .png()
    .toFile(image)
})
afterAll(() => rm(folder, { recursive: true }))

/** Runs an example as its first line says and returns what it printed. */
async function run(name: string): Promise<string> {
  const args = ['--import', 'tsx', `examples/${name}.ts`, folder, image, 'is there a star?']
  const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: root })
  return stdout
}

it('examples/ask.ts prints an answer and what it cost', async () => {
  expect(await run('ask')).toMatch(/^.+\n16 patches became 4 visual tokens; first word after \d+ ms\n$/s)
})

it('examples/custom-reducer.ts combines a method of its own with one from a paper', async () => {
  const printed = await run('custom-reducer')
  expect(printed).toMatch(/.+\nlargest-norm:keep=0.5\+fastv:layer=2,keep=0.5: 16 -> 8 -> 4 visual tokens\n$/s)
})
