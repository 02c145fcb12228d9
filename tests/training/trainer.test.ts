import { readdirSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { NodeBackend } from '../../src/runtime/node/backend.ts'
import { completeSteps } from '../../src/training/checkpoints.ts'
import { readLossLog } from '../../src/training/loss-log.ts'
import { type TrainingRun, train } from '../../src/training/trainer.ts'
import { temporaryFolder } from '../cli/fovea.ts'
import { compileRegression, initialWeight, regressionBatch } from './tiny-step.ts'

const backend = new NodeBackend()
const step = await compileRegression(backend, 4)
afterAll(() => backend.dispose())

function runOf(folder: string, change: Partial<TrainingRun> = {}): TrainingRun & { notes: string[] } {
  const notes: string[] = []
  return {
    step,
    batch: (at) => regressionBatch(at, 4),
    total: 6,
    rate: 0.01,
    schedule: () => 1,
    folder,
    saveEvery: 2,
    initial: initialWeight,
    onNote: (note) => notes.push(note),
    ...change,
    notes,
  }
}

describe('the trainer', () => {
  it('keeps the newest states and one log line per step', async () => {
    const folder = temporaryFolder()
    expect(await train(runOf(folder))).toBe(6)
    expect(await completeSteps(folder)).toEqual([6, 4])
    expect((await readLossLog(folder)).map((entry) => entry.step)).toEqual([1, 2, 3, 4, 5, 6])
    expect(readdirSync(folder).filter((name) => name.includes('lock') || name.endsWith('.tmp'))).toEqual([])
  })

  it('saves and returns when it is told to stop', async () => {
    const folder = temporaryFolder()
    const stop = new AbortController()
    const onStep = ({ step: done }: { step: number }) => {
      if (done === 3) stop.abort()
    }
    expect(await train(runOf(folder, { signal: stop.signal, onStep }))).toBe(3)
    expect(await completeSteps(folder)).toEqual([3, 2])
  })

  it('stops at a loss that is not finite and names the step and the last good state', async () => {
    const folder = temporaryFolder()
    const batch = (at: number) => {
      const good = regressionBatch(at, 4)
      if (at === 4) good.x.data[0] = Number.NaN
      return good
    }
    const message = /^step 5: error = NaN.*; the last good state is step 4 in .*; lower the learning rate/
    await expect(train(runOf(folder, { batch }))).rejects.toThrow(message)
    expect(await completeSteps(folder)).toEqual([4, 2])
  })

  it.each([
    ['temporary file', (folder: string) => writeFileSync(join(folder, '.step-0000005.safetensors.0a.tmp'), 'x')],
    ['state before its marker', (folder: string) => writeFileSync(join(folder, 'step-0000005.safetensors'), 'x')],
    ['temporary marker', (folder: string) => writeFileSync(join(folder, '.step-0000005.complete.0a.tmp'), '')],
    ['newest state, shortened', (folder: string) => truncateSync(join(folder, 'step-0000004.safetensors'), 40), 2],
  ])('resumes from the newest complete state and says so: %s', async (_, damage, resumed = 4) => {
    const folder = temporaryFolder()
    await train(runOf(folder, { total: 4 }))
    damage(folder)
    const run = runOf(folder)
    expect(await train(run)).toBe(6)
    expect(run.notes[0]).toMatch(/^skipped an unreadable state: \.?step-000000[45]\./)
    expect(run.notes[1]).toBe(`resuming after step ${resumed}`)
    expect(readdirSync(folder).filter((name) => name.includes('0000005'))).toEqual([])
    expect((await readLossLog(folder)).map((entry) => entry.step)).toEqual([1, 2, 3, 4, 5, 6])
  })
})

describe('gradient accumulation', () => {
  it('changes weights as one big batch would', async () => {
    const whole = await compileRegression(backend, 8)
    const parts = await compileRegression(backend, 4, 2)
    await whole.load(initialWeight())
    await parts.load(initialWeight())
    for (let at = 0; at < 3; at++) {
      const halves = [regressionBatch(at * 8, 4), regressionBatch(at * 8 + 4, 4)]
      const a = await whole.run(regressionBatch(at * 8, 8), 0.1, at + 1)
      const b = await parts.run(halves, 0.1, at + 1)
      expect(b.error).toBeCloseTo(a.error, 5)
      expect(b.norm).toBeCloseTo(a.norm, 5)
    }
    const [a, b] = [await whole.read(), await parts.read()]
    expect([...b.keys()]).toEqual([...a.keys()])
    for (const [name, { data }] of a)
      data.forEach((value, i) => {
        expect(b.get(name)!.data[i]).toBeCloseTo(Number(value), 5)
      })
    await expect(parts.run(regressionBatch(0, 4), 0.1, 1)).rejects.toThrow('2 batches make a step, got 1')
  })
})
