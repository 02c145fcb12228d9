import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { buildMethod } from '../../../src/papers/methods.ts'
import { type Paper, paper } from '../../../src/papers/paper.ts'
import { findPaper } from '../../../src/papers/registry.ts'
import { checkRows } from '../../../src/papers/reports/checks.ts'
import type { Lab } from '../../../src/papers/reports/lab.ts'
import type { Row } from '../../../src/papers/reports/row.ts'
import { watchModel } from '../../../src/papers/reports/watched-model.ts'
import type { PlaceFunctions } from '../../../src/pipeline/method/method.ts'
import { add, mul, reshape } from '../../../src/tensor/index.ts'
import { LAYERS, PATCHES, picture, type Tiny, tinyModel } from '../../pipeline/tiny-model.ts'

let tiny: Tiny
beforeAll(async () => {
  tiny = await tinyModel()
})
afterAll(() => tiny.close())

let made = 0

/** An entry like that of merv, whose method does this; programs are kept by name, so each has one of its own. */
const acting = (method: PlaceFunctions): Paper =>
  paper({
    ...findPaper('merv'),
    id: `merv-${made++}`,
    run: undefined,
    checks: undefined,
    options: undefined,
    method: () => method,
  })

async function rowsOf(entry: Paper, quick = true): Promise<Row[]> {
  const signal = new AbortController().signal
  const lab = { part: 'checks', seed: 1, n: 1, quick, signal, model: async () => tiny.model, progress: () => {} }
  const rows: Row[] = []
  for await (const row of checkRows(entry, lab as unknown as Lab)) rows.push(row)
  return rows
}

const failing = (rows: readonly Row[]) => rows.filter(({ holds }) => holds === false).map(({ name }) => name)

describe('what every method owes', () => {
  it('holds for one that acts on both sides, wherever its paper is filed', async () => {
    const rows = await rowsOf(
      acting({
        see: { tokens: (tokens) => ({ ...tokens, states: mul(tokens.states, 0.5) }) },
        read: { feedForward: (x, next) => mul(next(x), 0.9) },
      }),
    )
    expect(rows.length).toBeGreaterThanOrEqual(10)
    for (const row of rows) expect(row).toMatchObject({ part: 'checks', value: 0, holds: true, count: 2 })
    expect(new Set(rows.map(({ name }) => name)).size).toBe(rows.length)
    expect(rows.some(({ note }) => note)).toBe(false)
  })

  it('fails where logits are no numbers', async () => {
    const rows = await rowsOf(acting({ read: { feedForward: (x, next) => mul(next(x), Number.NaN) } }))
    expect(failing(rows)).toEqual(['runs on this model']) // no token can be chosen from them
  })

  it('fails where a later turn is read in another way than the first', async () => {
    const louder = (scale: number): PlaceFunctions => ({
      read: { layer: { 1: (seq, next) => ({ ...next(seq), states: add(next(seq).states, mul(seq.opening, scale)) }) } },
    })
    expect(failing(await rowsOf(acting(louder(5))))).toEqual([expect.stringContaining('second turn')])
    expect(failing(await rowsOf(acting(louder(0))))).toEqual([])
  })

  it('gives random weights to one whose weights are not trained, on both sides and between views, and says so', async () => {
    const rows = await rowsOf(
      acting({
        see: {
          tokens: (tokens, { p }) => ({ ...tokens, states: add(tokens.states, reshape(p('shift', [32]), [1, 1, 32])) }),
        },
        read: { feedForward: (x, next, { p }) => mul(next(x), reshape(p('scale', [32]), [1, 1, 32])) },
      }),
    )
    for (const row of rows)
      expect(row).toMatchObject({ holds: true, note: 'with random weights from seed 1, not trained' })
  })

  it('holds one that pictures tell how much to keep to the dense model where they tell it to keep everything', async () => {
    const { checks: _, ...entry } = findPaper('pixelprune')
    const method = () => buildMethod(entry, { tau: 0.06, metric: 'mean' })
    const rows = await rowsOf({ ...entry, options: undefined, method }, false)
    const row = rows.find(({ name }) => name === 'change of logits beyond rounding by keeping everything')
    expect(row).toMatchObject({ value: 0, holds: true })
    expect(row?.count).toBe(3) // of the other three pictures it drops something
    expect(failing(rows)).toEqual([])
  })

  it('says what a model cannot run, in one line, and claims nothing then', async () => {
    const rows = await rowsOf(acting({ read: { layer: { 99: (seq, next) => next(seq) } } }))
    expect(rows).toMatchObject([
      { name: 'runs on this model', holds: 'undecided', reason: expect.stringContaining('there is no layer 99') },
      { name: 'lines of the refusal beyond one', value: 0, holds: true },
    ])
  })
})

describe('a watched model', () => {
  it('notes every run with the rows of each cache, and leaves the model as it is', async () => {
    const asked = { prompt: 'how many circles are there?', images: [picture()], maxTokens: 3, ignoreEos: true }
    const { model, runs } = watchModel(tiny.model)
    const seen: Float32Array[] = []
    const reply = await model.generate({ ...asked, onPrefill: (_, logits) => seen.push(logits.slice()) })
    expect(reply.text).toBe((await tiny.model.generate(asked)).text)
    expect(runs).toHaveLength(3)
    expect([runs[0].logits]).toEqual(seen)
    const prompt = runs[0].text + PATCHES
    expect(runs.map(({ visual }) => visual)).toEqual([PATCHES, 0, 0])
    expect(runs.map(({ rowsBefore }) => rowsBefore)).toEqual([0, prompt, prompt + 1].map((n) => Array(LAYERS).fill(n)))
    expect(runs[2].rowsAfter).toEqual(Array(LAYERS).fill(prompt + 2))
  })
})
