import { spawnSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { temporaryFolder } from '../cli/fovea.ts'

const killedRun = (folder: string, killAt: number) =>
  spawnSync(process.execPath, ['--import', 'tsx', 'tests/training/killed-run.ts', folder, String(killAt)], {
    encoding: 'utf8',
  })

const finalState = (folder: string): Buffer => readFileSync(join(folder, 'step-0000003.safetensors'))

describe('a training killed at any of its write points', () => {
  it('resumes from the newest complete state to the same end', () => {
    const unbroken = temporaryFolder()
    expect(killedRun(unbroken, 0).status).toBe(0)
    const resumedAt: string[] = []
    for (let point = 1; ; point++) {
      const folder = temporaryFolder()
      const killed = killedRun(folder, point)
      if (killed.status === 0) break // no write point is left
      expect(killed.signal).toBe('SIGKILL')
      const cutOff = readdirSync(folder).filter((name) => name.endsWith('.tmp') && name.startsWith('.step'))
      const resumed = killedRun(folder, 0)
      expect(resumed).toMatchObject({ status: 0, stderr: '' })
      for (const name of cutOff) expect(resumed.stdout).toContain(`${name}: its save was cut off`)
      resumedAt.push(/resuming after step (\d)/.exec(resumed.stdout)?.[1] ?? '0')
      expect(finalState(folder).equals(finalState(unbroken))).toBe(true)
      expect(readdirSync(folder)).toEqual(expect.arrayContaining(readdirSync(unbroken)))
      expect(readdirSync(folder).filter((name) => /tmp$|lock$/.test(name))).toEqual([])
    }
    // The log is renamed first; then each save renames its state and its marker, after which it counts.
    expect(resumedAt.join('')).toBe('00' + '0001' + '1112' + '2223')
  })
})
