import { appendFileSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openExaminer } from '../../../src/evaluation/exam/examiner.ts'
import { exportWorld } from '../../../src/evaluation/export-world.ts'
import { askOwn, chosen, isRight, onLines, summariseOwn } from '../../../src/evaluation/own/ask-own.ts'
import { openQuestions } from '../../../src/evaluation/own/open-questions.ts'
import { loadModel } from '../../../src/loading/node-load.ts'
import { dense } from '../../../src/pipeline/method/compose.ts'
import type { Model } from '../../../src/pipeline/model.ts'

const root = fileURLToPath(new URL('../../../', import.meta.url))

describe('replies to questions of one’s own', () => {
  const own = { place: 'p', pictures: ['a.png'], question: 'q' }

  it('are right in the words of any answer', () => {
    const asked = { ...own, answers: ['a red car', 'red car'] }
    for (const reply of ['A red car.', ' red   car', 'red car']) expect(isRight(asked, reply)).toBe(true)
    for (const reply of ['car', 'a red car and a dog', '']) expect(isRight(asked, reply)).toBe(false)
  })

  it('name an option by its letter or its text', () => {
    const options = ['a dog', 'a cat', 'C']
    expect(
      ['B', 'b', '(B)', 'B. a cat', 'A cat.', 'Answer: B', 'B: a cat'].map((reply) => chosen(reply, options)),
    ).toEqual(new Array(7).fill('B'))
    expect(['D', 'a bird', 'Because', ''].map((reply) => chosen(reply, options))).toEqual(new Array(4).fill(undefined))
    expect(isRight({ ...own, options, answers: ['B'] }, 'a cat')).toBe(true)
    expect(onLines('q', ['x', 'y'])).toBe(
      "q\nA. x\nB. y\nAnswer with the option's letter from the given choices directly.",
    )
  })

  it('may be near enough to a box, a point, or a stretch of time', () => {
    expect(isRight({ ...own, answers: ['0,0,100,100'] }, '0,0,100,80')).toBe(true)
    expect(isRight({ ...own, answers: ['50,50'], box: [0, 0, 100, 100] }, '90,10')).toBe(true)
    expect(isRight({ ...own, answers: ['2 to 5'], time: [2, 5] }, '3 to 5')).toBe(true)
    expect(isRight({ ...own, answers: ['2 to 5'], time: [2, 5] }, '5 to 9')).toBe(false)
  })
})

describe('a folder that fovea world wrote', () => {
  let folder: string
  let model: Model
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'own-'))
    await exportWorld({ task: 'color', split: 'validation', seed: 9, n: 8, outDir: folder })
    model = await loadModel(`${root}models/fovea-mini`)
  })
  afterAll(async () => {
    await model?.dispose()
    rmSync(folder, { recursive: true })
  })

  it('is answered by looking', async () => {
    const examiner = await openExaminer({ model, method: dense })
    const seen: number[] = []
    const rows = await askOwn({ examiner, data: await openQuestions(folder), onRow: (_row, done) => seen.push(done) })
    expect(seen).toEqual([1, 2, 3, 4, 5, 6, 7, 8])
    const [summary, ...others] = summariseOwn(rows)
    expect(others).toEqual([])
    expect(summary).toMatchObject({ category: 'color', count: 8, chance: 0 })
    expect(summary.accuracy.share).toBeGreaterThan(0.8)
    expect(summary.blind).toBeLessThan(0.5)
    appendFileSync(join(folder, 'data.jsonl'), '{"image":"none.png","question":"q","answer":"a"}\n')
    await expect(askOwn({ examiner, data: await openQuestions(folder) })).rejects.toThrow(/data\.jsonl:9: .*none\.png/)
    await examiner.dispose()
  })
})
