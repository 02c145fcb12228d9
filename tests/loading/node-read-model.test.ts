import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { localSource } from '../../src/hub/model-source.ts'
import { readProcessor } from '../../src/loading/node-read-model.ts'

const root = mkdtempSync(join(tmpdir(), 'fovea-folder-'))
afterAll(() => rmSync(root, { recursive: true }))
const write = (name: string, value: object) => writeFileSync(join(root, name), JSON.stringify(value))

describe('settings of the image processor', () => {
  it('are in a file of their own', async () => {
    write('preprocessor_config.json', { resample: 2 })
    write('processor_config.json', { patch_size: 14 })
    expect(await readProcessor(await localSource(root))).toEqual({ resample: 2 })
  })

  it('count where one file holds those of all processors, whatever an older file beside it says', async () => {
    write('processor_config.json', { image_processor: { resample: 3 }, video_processor: { resample: 1 } })
    expect(await readProcessor(await localSource(root))).toEqual({ resample: 3, video_processor: { resample: 1 } })
  })
})
