import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type ReproduceOptions, type Reproduction, reproduce } from '../../../src/papers/reports/reproduce.ts'
import { readResults } from '../../../src/papers/reports/results.ts'
import type { Row } from '../../../src/papers/reports/row.ts'
import { writeTinyModel } from '../../cli/tiny-model.ts'

/** Of tests that ask some hundred questions, on a machine that is busy with others. */
const PATIENCE = 240_000

let folder: string
let model: string
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'fovea-reproduce-'))
  model = await writeTinyModel(join(folder, 'model'))
})
afterAll(() => rmSync(folder, { recursive: true }))

async function collect(id: string, options: ReproduceOptions): Promise<{ rows: Row[]; ended: Reproduction }> {
  const run = reproduce(id, { model, threads: 1, runs: join(folder, 'runs'), ...options })
  const rows: Row[] = []
  for (;;) {
    const { value, done } = await run.next()
    if (done) return { rows, ended: value }
    rows.push(value)
  }
}

const named = (rows: readonly Row[], start: string) => rows.filter(({ name }) => name.startsWith(start))

describe('reproduce', () => {
  it('computes the invariants of a reducer on a model, and what it saves', async () => {
    const results = join(folder, 'saved')
    const { rows, ended } = await collect('fastv', { only: ['headline', 'checks'], quick: true, results })
    expect([...new Set(rows.map(({ part }) => part))]).toEqual(['checks', 'headline']) // in their order
    const checks = rows.filter(({ part }) => part === 'checks')
    for (const row of checks.filter(({ holds }) => holds !== undefined))
      expect(row).toMatchObject({ value: 0, holds: true })
    // Its tokens are chosen by the question, so that a second turn goes on with those of the first.
    expect(checks.filter(({ holds }) => holds === undefined)).toMatchObject([
      { name: expect.stringContaining('second turn'), count: 0, reason: expect.stringContaining('by the question') },
    ])
    const [flops] = named(rows, 'FLOPs of the prefill')
    expect(flops).toMatchObject({ unit: 'x', shapes: 'embedded', paper: { value: 0.55 } })
    expect(flops.value).toBeGreaterThan(0.3)
    expect(flops.value).toBeLessThan(1)
    const [time] = named(rows, 'time of the prefill')
    expect(time.interval![0]).toBeLessThanOrEqual(time.value)
    expect(ended).toMatchObject({ id: 'fastv', finished: true })
    expect(['checks', 'refuted']).toContain(ended.standing.state) // by times of a model that has nothing to save
    expect(existsSync(results)).toBe(false) // a quick look is not kept
  })

  it('asks all arms the same questions, and answers of baselines once for all papers', {
    timeout: PATIENCE,
  }, async () => {
    const results = join(folder, 'results')
    const seen: string[] = []
    const onProgress = (...[, , , status]: [string, number, number, string]) => seen.push(status)
    const { rows, ended } = await collect('resize', { only: ['effect'], n: 1, results, onProgress })
    expect(named(rows, 'accuracy')).toHaveLength(6) // dense, gray, guess, three budgets
    for (const row of named(rows, 'against random')) expect(row.baseline!.name).toBe('mean of 3 random subsets')
    expect(named(rows, 'against a smaller image')).toEqual([]) // that is itself
    expect(rows.filter(({ holds }) => holds !== undefined)).toEqual([]) // a baseline claims nothing
    const [tokens] = named(rows, 'tokens in the last layer, 25 %')
    expect(tokens).toMatchObject({ value: 4, baseline: { name: 'dense', value: 16 } })
    expect(seen.at(-1)).toContain('dialogue')
    expect(ended.path).toBe(join(results, 'resize.json'))
    const stored = await readResults('resize', [results])
    expect(stored!.parts.effect).toMatchObject({ seed: 1, n: 1, split: 'test', model, rows })
    expect(Object.keys(stored!.parts.effect!.depends)).toContain('reducer/resize.ts')

    const keys = notebookKeys()
    await collect('random', { only: ['effect'], n: 1, results })
    const fresh = notebookKeys().slice(keys.length)
    expect(fresh.some((key) => key.startsWith('random:keep=0.5,seed=0,ids=pack '))).toBe(false)
  })

  /** Answers in the one notebook of this model. */
  function notebookKeys(): string[] {
    const [name, ...others] = readdirSync(join(folder, 'runs'))
    expect(others).toEqual([])
    const lines = readFileSync(join(folder, 'runs', name, 'notebook.jsonl'), 'utf8')
      .trimEnd()
      .split('\n')
    return lines.map((line) => JSON.parse(line).key)
  }

  it('ends at a signal, and goes on where it stopped', { timeout: PATIENCE }, async () => {
    const runs = join(folder, 'aborted')
    const results = join(folder, 'resumed')
    const controller = new AbortController()
    const options = { runs, results, n: 1, only: ['checks', 'effect'] } as const
    const onProgress = (part: string, done: number) => part === 'effect' && done === 30 && controller.abort()
    const first = await collect('keep-all', { ...options, signal: controller.signal, onProgress })
    expect(first.ended).toMatchObject({ finished: false })
    expect(Object.keys((await readResults('keep-all', [results]))!.parts)).toEqual(['checks'])
    const again = await collect('keep-all', options)
    expect(again.ended.finished).toBe(true)
    expect(again.rows.filter(({ part }) => part === 'checks')).toEqual(
      first.rows.filter(({ part }) => part === 'checks'),
    )
    const whole = await collect('keep-all', { ...options, runs: join(folder, 'whole') })
    expect(again.rows).toEqual(whole.rows)
  })

  it.each([
    ['fastvv', {}, 'unknown_paper', 'did you mean fastv'],
    ['eve', {}, 'nothing_to_reproduce', 'neither a method nor a run yet; papers that can be reproduced: '],
    ['fastv', { only: ['efect'] }, 'unknown_part', 'did you mean effect?'],
    ['random', { only: ['headline'] }, 'unknown_part', 'random has no headline to measure; it has: checks, effect'],
    ['fastv', { n: 0 }, 'count_invalid', 'n must be a whole number from 1'],
    ['fastv', { model: '/no/such/model' }, 'model_missing', '/no/such/model'],
  ])('refuses %s with %j', async (id, options, code, words) => {
    const error = await collect(id, options as ReproduceOptions).catch((thrown) => thrown)
    expect(error).toMatchObject({ code })
    expect(error.message).toContain(words)
  })
})
