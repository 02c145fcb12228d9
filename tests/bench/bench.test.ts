import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'
import { secondsToOutput } from '../../bench/cold-start.ts'
import { growthOf, WARMUP } from '../../bench/memory.ts'
import { markdown, plainTable } from '../../bench/report.ts'
import { isMet, median, medianOf, type Row, type Skipped } from '../../bench/row.ts'

const rows: (Row | Skipped)[] = [
  { name: 'step', value: 0.62, unit: 'x', target: { atLeast: 0.5 }, note: '2 s' },
  { name: 'start', value: 1.7, unit: 's', target: { atMost: 1.5 } },
  { name: 'peer', skipped: 'python3 has no torch' },
  { name: 'peak', value: 251.3, unit: 'GFLOP/s' },
]

describe('benchmarks', () => {
  it('are judged by the median', async () => {
    expect(median([3, 1, 2])).toBe(2)
    expect(median([4, 1, 2, 3])).toBe(2.5)
    const figures = [100, 100, 7, 5, 6]
    expect(await medianOf(3, async () => figures.shift()!, 2)).toBe(6)
  })

  it('say what was wanted, what was measured, and whether that is met', () => {
    expect(rows.map((row) => ('skipped' in row ? 'skipped' : isMet(row)))).toEqual([true, false, 'skipped', undefined])
    expect(plainTable(rows)).toBe(
      [
        'what   target          measured               note',
        'step   at least 0.5 x  0.62 x        met      2 s',
        'start  at most 1.5 s   1.7 s         NOT MET',
        'peer                   not measured           python3 has no torch',
        'peak                   251 GFLOP/s',
      ].join('\n'),
    )
  })

  it('are written for the docs, with the machine and whether it was busy', () => {
    const report = { date: '2026-05-04', machine: 'a machine', load: 0.1, repeat: 7, rows }
    expect(markdown(report)).toContain('on 2026-05-04: a machine; medians of 7.\n')
    expect(markdown(report)).toContain('| start | at most 1.5 s | 1.7 s | NOT MET |  |')
    expect(markdown({ ...report, load: 3 })).toContain('The machine was busy (load 3.0)')
  })

  it('tell a leak from what allocators take and give back', () => {
    const samples = (leak: number) =>
      Array.from(
        { length: 400 },
        (_, at) => (400 + Math.min(at, WARMUP) + (at % 70 < 40 ? 15 : 0) + leak * at) * 2 ** 20,
      )
    const [sound, leaking] = [growthOf(samples(0)), growthOf(samples(0.5))]
    expect(sound.warm).toBeCloseTo(600, -2)
    expect(Math.abs(sound.end - sound.warm)).toBeLessThan(16)
    expect(Math.abs(sound.slope)).toBeLessThan(10)
    expect(leaking.end - leaking.warm).toBeGreaterThan(60)
    expect(leaking.slope).toBeGreaterThan(40)
  })

  it('time a process to the last that it printed', async () => {
    const script = 'console.log(1); setTimeout(() => console.log(2), 200)'
    expect(await secondsToOutput(process.execPath, ['-e', script])).toBeGreaterThan(0.2)
    await expect(secondsToOutput(process.execPath, ['-e', 'process.exit(3)'])).rejects.toThrow('ended with 3')
  })

  it('run from the command line, one of them at a time, and refuse names that they do not have', async () => {
    const cwd = fileURLToPath(new URL('../..', import.meta.url))
    const run = (...args: string[]) =>
      promisify(execFile)(process.execPath, ['--import', 'tsx', 'bench/run.ts', '--repeat', '1', ...args], { cwd })
    const report = JSON.parse((await run('worker', '--json')).stdout)
    expect(report.rows).toEqual([expect.objectContaining({ name: 'worker overhead per step', unit: 'ms' })])
    await expect(run('--only', 'nothing')).rejects.toMatchObject({
      code: 2,
      stderr: expect.stringContaining('no benchmark named "nothing"; there are gemm, training'),
    })
  })
})
