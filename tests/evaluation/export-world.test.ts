import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { exportWorld } from '../../src/evaluation/export-world.ts'
import { sample } from '../../src/world/index.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'world-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

function readRecords(): Record<string, unknown>[] {
  return readFileSync(join(folder, 'data.jsonl'), 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line))
}

describe('exportWorld', () => {
  test('writes images and the samples of their keys', async () => {
    await exportWorld({ task: 'box', split: 'test', seed: 7, n: 3, outDir: folder })
    expect(readdirSync(folder).sort()).toEqual(['000000.png', '000001.png', '000002.png', 'data.jsonl'])
    for (const [index, record] of readRecords().entries()) {
      const { scene, qa, heldOut } = sample({ task: 'box', split: 'test', seed: 7, index })
      const { task, question, answer, box } = qa
      expect(record).toEqual({ image: `00000${index}.png`, task, question, answer, box, heldOut, scene })
    }
  })

  test('writes all turns of dialogues', async () => {
    await exportWorld({ task: 'dialogue', split: 'train', seed: 7, n: 2, outDir: folder })
    for (const record of readRecords()) expect((record.turns as unknown[]).length).toBeGreaterThan(1)
  })

  test('refuses bad options before it writes', async () => {
    const options = { split: 'test', seed: 7, n: 1, outDir: join(folder, 'new') } as const
    await expect(exportWorld({ ...options, task: 'cuont' })).rejects.toThrow(/Unknown World task "cuont"/)
    await expect(exportWorld({ ...options, n: 0 })).rejects.toThrow(/positive integer/)
    expect(readdirSync(folder)).toEqual([])
  })

  test('names a folder that cannot be written', async () => {
    writeFileSync(join(folder, 'file'), '')
    const outDir = join(folder, 'file', 'out')
    await expect(exportWorld({ split: 'test', seed: 7, n: 1, outDir })).rejects.toThrow(
      /file.*a file lies on the way to it/,
    )
  })
})
