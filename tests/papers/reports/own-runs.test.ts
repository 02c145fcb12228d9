import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { reproduce } from '../../../src/papers/reports/reproduce.ts'
import type { Row } from '../../../src/papers/reports/row.ts'
import { writeTinyModel } from '../../cli/tiny-model.ts'

/** On a machine that is busy with others. */
const PATIENCE = 240_000

let folder: string
let model: string
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'fovea-own-runs-'))
  model = await writeTinyModel(join(folder, 'model'))
})
afterAll(() => rmSync(folder, { recursive: true }))

async function rowsOf(id: string): Promise<Row[]> {
  const run = reproduce(id, { model, threads: 1, quick: true, n: 2, runs: join(folder, 'runs') })
  const rows: Row[] = []
  for (;;) {
    const { value, done } = await run.next()
    if (done) return rows
    rows.push(value)
  }
}

const of = (rows: readonly Row[], part: Row['part']) => rows.filter((row) => row.part === part)

it('runs MMStar on a model that knows nothing: exact checks hold, and the filter needs no model', {
  timeout: PATIENCE,
}, async () => {
  const rows = await rowsOf('mmstar')
  for (const row of of(rows, 'checks')) expect(row).toMatchObject({ value: 0, holds: true })
  const found = new Map(of(rows, 'effect').map((row) => [row.name, row]))
  expect(found.get('recall of removing hits above 0 of 8')!.value).toBe(100)
  expect(found.get('recall of answers that stand in the question')!.value).toBe(100)
  const [low, high] = [0, 4].map((most) => found.get(`recall of removing hits above ${most} of 8`)!.value)
  expect(low).toBeGreaterThan(high)
  expect(found.get('scores on the 1,500 questions of the benchmark')).toMatchObject({ holds: 'undecided', count: 0 })
})

it('runs XL-VLMs on a model that knows nothing: exact checks hold, and what cannot be measured says why', {
  timeout: PATIENCE,
}, async () => {
  const rows = await rowsOf('xl-vlms')
  for (const row of of(rows, 'checks')) expect(row).toMatchObject({ value: 0, holds: true })
  expect(of(rows, 'checks').filter(({ note }) => note?.startsWith('with random weights')).length).toBe(10)
  const effect = of(rows, 'effect')
  expect(effect.length).toBeGreaterThanOrEqual(4)
  expect(effect.filter(({ holds }) => holds === true)).toEqual([])
  for (const row of effect.filter(({ count }) => count === 0)) expect(row.reason).toContain('not measured: ')
})

it('trains MQT in both ways, and sets one beside the other', { timeout: PATIENCE }, async () => {
  const effect = of(await rowsOf('mqt'), 'effect')
  const names = effect.map(({ name }) => name)
  expect(names.filter((name) => name.includes('of elastic queries')).length).toBeGreaterThan(0)
  expect(names.filter((name) => name.includes('of jointly trained queries')).length).toBeGreaterThan(0)
  // two steps teach nothing, and that is what it says
  const claim = effect.find(({ name }) => name.startsWith('elastic queries lose less'))!
  expect(claim.holds).not.toBe(true)
  expect(claim.note!.match(/-?[\d.]+/g)!.length).toBe(2) // of the seed, and what was asked for
})
