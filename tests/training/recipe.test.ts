import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readLossLog } from '../../src/training/loss-log.ts'
import { withSteps } from '../../src/training/run-recipe.ts'
import { temporaryFolder } from '../cli/fovea.ts'
import { writeTinyModel } from '../pipeline/tiny-model.ts'

const root = mkdtempSync(join(tmpdir(), 'fovea-recipe-'))
const [model, unbroken] = [join(root, 'model'), join(root, 'unbroken')]
beforeAll(async () => {
  await writeTinyModel(model)
  expect(run(unbroken)).toMatchObject({ status: 0, stdout: 'own weights\n', stderr: '' })
})
afterAll(() => rmSync(root, { recursive: true }))

const run = (folder: string, ...kill: string[]) =>
  spawnSync(process.execPath, ['--import', 'tsx', 'tests/training/tiny-recipe.ts', model, folder, ...kill], {
    encoding: 'utf8',
  })

const stateOf = (folder: string, stage: string, step: number): Buffer =>
  readFileSync(join(folder, stage, `step-000000${step}.safetensors`))

async function losses(folder: string) {
  const logs = await Promise.all(['align', 'tune'].map((stage) => readLossLog(join(folder, stage))))
  return logs.flat().map((entry) => ({ step: entry.step, rate: entry.rate, losses: entry.losses }))
}

describe('a recipe', () => {
  it.each([
    ['align', '3', 'resuming after step 2\n'],
    ['tune', '3', 'resuming after step 2\n'],
  ])('killed in its %s stage at step %s goes on bit by bit as an unbroken one', async (stage, step, note) => {
    const broken = temporaryFolder()
    expect(run(broken, stage, step).signal).toBe('SIGKILL')
    expect(run(broken)).toMatchObject({ status: 0, stdout: `${note}own weights\n` })
    for (const [name, last] of [
      ['align', 3],
      ['tune', 4],
    ] as const)
      expect(stateOf(broken, name, last).equals(stateOf(unbroken, name, last))).toBe(true)
    expect(await losses(broken)).toEqual(await losses(unbroken))
    expect(readFileSync(join(broken, 'tune.svg'), 'utf8')).toMatch(/^<svg/)
  })

  it('of no stages is refused', () => {
    expect(() => withSteps([], 3)).toThrow('this recipe has no stages, so it trains nothing')
  })
})
