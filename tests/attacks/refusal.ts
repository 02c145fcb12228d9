/** What every hostile model must meet: one clear line, and soon. */
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished } from 'vitest'
import { type LoadOptions, loadModel } from '../../src/loading/node-load.ts'
import { readImage } from '../../src/media/read-image.ts'
import { cpuTime } from '../cpu-time.ts'
import { copyFamily, type HostileModel, imageOf } from './hostile-folder.ts'

/** A hostile copy of a fixture, removed when the test ends. */
export async function writeHostile({ family = 'llava', write }: HostileModel): Promise<string> {
  const parent = mkdtempSync(join(tmpdir(), 'fovea-hostile-'))
  onTestFinished(() => rmSync(parent, { recursive: true }))
  const folder = join(parent, 'model')
  mkdirSync(folder)
  copyFamily(family, folder)
  await write(folder)
  return folder
}

/** Loads a model and asks one question about one image. */
export async function askOnce(folder: string, family?: string, options?: LoadOptions) {
  const model = await loadModel(folder, options)
  try {
    return await model.generate({ prompt: 'what is this?', images: [await readImage(imageOf(family))], maxTokens: 2 })
  } finally {
    await model.dispose()
  }
}

/** Far above what refusing takes; far below what believing the file takes. */
const MAX_MILLISECONDS = 5000
const MAX_MEMORY = 300 * 2 ** 20

/** A hostile model is refused by loading it, or at the latest by its first question. */
export async function expectRefusal(hostile: HostileModel, options?: LoadOptions): Promise<void> {
  const folder = await writeHostile(hostile)
  const files = readdirSync(folder)
  const memory = process.memoryUsage.rss()
  let error: Error | undefined
  const attempt = async () => {
    error = await askOnce(folder, hostile.family, options).then(
      () => undefined,
      (reason) => reason,
    )
  }
  expect(await cpuTime(attempt)).toBeLessThan(MAX_MILLISECONDS)
  expect(process.memoryUsage.rss() - memory).toBeLessThan(MAX_MEMORY)
  expect(error).toMatchObject({ name: 'FoveaError', code: hostile.code })
  expect(error?.message).toEqual(
    typeof hostile.message === 'string'
      ? expect.stringContaining(hostile.message)
      : expect.stringMatching(hostile.message),
  )
  expect(error?.message).not.toMatch(/\n|node_modules|\bat \w+ \(/)
  expect(error?.message.length).toBeLessThan(1500)
  expect(readdirSync(folder)).toEqual(files)
}
