import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ownTasks } from '../../../src/papers/bench/own-tasks.ts'
import type { Point } from '../../../src/papers/bench/points.ts'
import { type BenchRun, benchReduce } from '../../../src/papers/bench/run.ts'
import { writeSquare } from '../../cli/tiny-model.ts'

const folder = mkdtempSync(join(tmpdir(), 'fovea-bench-own-'))
const questions = join(folder, 'data.jsonl')
const asked = [
  { question: 'is there a square?', answers: ['yes', 'yeah'], category: 'there' },
  { question: 'is there a star?', answer: 'no', category: 'there' },
  { question: 'is there a bird?', answer: 'no', category: 'there' },
  { question: 'what color is the square?', answer: 'B', options: ['red', 'blue'], category: 'color' },
]
beforeAll(async () => {
  const image = await writeSquare(folder)
  writeFileSync(questions, asked.map((line) => JSON.stringify({ image, ...line })).join('\n'))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe('a benchmark on questions of one’s own', () => {
  it('has categories as tasks, of each so many questions as are asked for', async () => {
    const own = await ownTasks(folder, 2)
    expect(own.tasks).toEqual(['there', 'color'])
    expect(own.tasks.map(own.count)).toEqual([2, 1])
    expect(own.hash).toMatch(/^[0-9a-f]{64}$/)
  })

  it('asks all arms the same, judges answers by their options, and says what it was made of', async () => {
    const run = benchReduce({ methods: ['divprune'], keeps: [0.25], n: 2, rounds: 0, threads: 1, data: folder, out: join(folder, 'out') }) // biome-ignore format: one step
    const points: Point[] = []
    let result: BenchRun | undefined
    for (;;) {
      const { value, done } = await run.next()
      if (done) {
        result = value
        break
      }
      points.push(value)
    }
    expect(points.map(({ label }) => label)).toEqual(['dense', 'random', 'resize', 'divprune'])
    expect(points.every((point) => point.questions === 3)).toBe(true)
    expect(points[0].tokens.before).toBe(144)
    expect(points.at(-1)!.tokens.last).toBe(36)
    expect(result!.facts).toMatchObject({ tasks: ['there', 'color'], data: (await ownTasks(folder, 2)).hash })
    expect(result!.gallery.every(({ shown }) => shown.length === 0)).toBe(true)
  })

  it('refuses categories that no question has, and films', async () => {
    const other = () => benchReduce({ methods: [], keeps: [0.5], n: 2, tasks: ['cars'], data: folder, out: join(folder, 'x') }).next() // biome-ignore format: one step
    await expect(other()).rejects.toMatchObject({
      code: 'unknown_task',
      message: expect.stringContaining('there, color'),
    })
    const film = join(folder, 'film.jsonl')
    writeFileSync(film, JSON.stringify({ frames: 'clip', count: 2, question: 'what moves?', answer: 'a star' }))
    await expect(ownTasks(film, 2)).rejects.toMatchObject({ code: 'bench_film' })
  })
})
