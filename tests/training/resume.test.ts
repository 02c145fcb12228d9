import { spawnSync } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { readLossLog } from '../../src/training/loss-log.ts'
import { temporaryFolder } from '../cli/fovea.ts'

const tinyRun = (folder: string, ...args: string[]) =>
  spawnSync(process.execPath, ['--import', 'tsx', 'tests/training/tiny-run.ts', folder, ...args], { encoding: 'utf8' })

const finalState = (folder: string): Buffer => readFileSync(join(folder, 'dialogue/step-0000007.safetensors'))

async function losses(folder: string) {
  const log = await readLossLog(join(folder, 'dialogue'))
  return log.map((entry) => ({ step: entry.step, rate: entry.rate, losses: entry.losses }))
}

describe('a training killed in the middle', () => {
  it('goes on to the same weights and losses, bit by bit, as an unbroken one', async () => {
    const [broken, unbroken] = [temporaryFolder(), temporaryFolder()]
    expect(tinyRun(unbroken)).toMatchObject({ status: 0, stdout: '' })
    expect(tinyRun(broken, '5').signal).toBe('SIGKILL')
    const resumed = tinyRun(broken)
    expect(resumed).toMatchObject({ status: 0, stdout: 'resuming after step 4\n' })
    expect(finalState(broken).equals(finalState(unbroken))).toBe(true)
    expect(await losses(broken)).toEqual(await losses(unbroken))
    expect(await losses(broken)).toHaveLength(7)
  })

  it('refuses a second trainer on the same folder with exit code 5', () => {
    const folder = temporaryFolder()
    mkdirSync(join(folder, 'dialogue'))
    const left = { pid: process.pid, host: hostname(), id: 'of an earlier process' }
    writeFileSync(join(folder, 'dialogue/trainer.lock'), JSON.stringify(left))
    const second = tinyRun(folder)
    expect(second.status).toBe(5)
    expect(second.stderr).toContain(`locked by pid ${process.pid}`)
  })
})
