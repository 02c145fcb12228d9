import { existsSync, mkdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { dirname, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { holdLock, lockHolder, withLock } from '../../src/hub/lock.ts'
import { temporaryFolder } from '../cli/fovea.ts'

/** No process has it: it is above the largest that Linux gives. */
const DEAD = 2 ** 22 + 1

function leaveLock(content: string, age = 0): string {
  const path = join(temporaryFolder(), 'locks/x.lock')
  mkdirSync(dirname(path))
  writeFileSync(path, content)
  const then = new Date(Date.now() - age)
  utimesSync(path, then, then)
  return path
}

function leaveFolder(): string {
  const path = join(temporaryFolder(), 'locks/x.lock')
  mkdirSync(path, { recursive: true })
  return path
}

const held = (pid: number, host = hostname()): string => JSON.stringify({ pid, host, id: 'other' })

describe('a lock', () => {
  it('lets one in at a time', async () => {
    const path = join(temporaryFolder(), 'locks/x.lock')
    let inside = 0
    const enter = async () => {
      expect(++inside).toBe(1)
      expect(await lockHolder(path)).toBe(process.pid)
      await new Promise((resolve) => setTimeout(resolve, 10))
      inside--
    }
    await Promise.all(Array.from({ length: 5 }, () => withLock(path, enter)))
    expect(existsSync(path)).toBe(false)
  })

  it('is released when the work fails', async () => {
    const path = join(temporaryFolder(), 'locks/x.lock')
    await expect(withLock(path, () => Promise.reject(new Error('no')))).rejects.toThrow('no')
    expect(existsSync(path)).toBe(false)
  })

  it.each([
    ['of a process that died', () => leaveLock(held(DEAD))],
    ['of another machine, not refreshed for two minutes', () => leaveLock(held(1, 'elsewhere'), 120_000)],
    ['that was never written to the end', () => leaveLock('', 120_000)],
  ])('%s is taken over', async (_, leave) => {
    const path = leave()
    expect(await lockHolder(path)).toBeUndefined()
    expect(await withLock(path, async () => JSON.parse(readFileSync(path, 'utf8')).pid)).toBe(process.pid)
  })

  it.each([
    ['of a live process', () => leaveLock(held(process.ppid))],
    ['of another machine', () => leaveLock(held(DEAD, 'elsewhere'))],
    ['just being written', () => leaveLock('')],
  ])('%s is waited for, until aborted', async (_, leave) => {
    const path = leave()
    const waited: number[] = []
    const options = { signal: AbortSignal.timeout(300), onWait: (pid: number) => waited.push(pid) }
    await expect(withLock(path, async () => 'in', options)).rejects.toMatchObject({ name: /Abort|Timeout/ })
    expect(waited.length).toBeLessThanOrEqual(1)
    expect(existsSync(path)).toBe(true)
  })

  it.each([
    ['of a live process', () => leaveLock(held(process.ppid)), process.ppid],
    ['of nobody', () => leaveLock('nothing'), undefined],
    ['that is a folder', () => leaveFolder(), undefined],
  ])('%s is refused where nobody waits', async (_, leave, pid) => {
    const told: unknown[] = []
    const refuse = (holder: number | undefined) => {
      told.push(holder)
      return new Error('busy')
    }
    await expect(holdLock(leave(), { refuse })).rejects.toThrow('busy')
    expect(told).toEqual([pid])
  })

  it('of an earlier process that had the same number is taken over; one of this process is not', async () => {
    const path = leaveLock(held(process.pid))
    const release = await holdLock(path)
    await expect(holdLock(path, { refuse: () => new Error('busy') })).rejects.toThrow('busy')
    await release()
    expect(existsSync(path)).toBe(false)
  })
})
