import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { compareBenches } from '../../../src/papers/bench/compare.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'compare-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

const facts = {
  ...{ model: 'm', modelHash: 'h', split: 'test', seed: 1, n: 2, tasks: ['count'], code: 'c', version: '1' },
  ...{ machine: 'x', node: 'v24', threads: 2 },
}
const timing = (ttft: number) => ({ ttft: [ttft, ttft, ttft] })

function bench(
  name: string,
  changed: Partial<Record<keyof typeof facts | 'data', unknown>>,
  right: readonly boolean[],
) {
  const path = join(folder, name)
  mkdirSync(path)
  const points = [{ label: 'dense', method: 'dense', timing: timing(0.5) }]
  writeFileSync(join(path, 'bench.json'), JSON.stringify({ date: '', facts: { ...facts, ...changed }, points }))
  const lines = right.map((correct, index) => {
    const answer = { task: 'count', index, question: `q${index}`, correct }
    return `${JSON.stringify({ key: `dense count ${index}`, value: [answer] })}\n`
  })
  writeFileSync(join(path, 'notebook.jsonl'), lines.join(''))
  return path
}

it.each([
  ['modelHash', 'other'],
  ['split', 'validation'],
  ['seed', 2],
  ['n', 3],
  ['tasks', ['box']],
  ['data', 'abc'],
])('refuses runs that differ in %s', async (name, value) => {
  const pair = [bench('a', {}, [true, false]), bench('b', { [name]: value }, [true, false])] as const
  await expect(compareBenches(...pair)).rejects.toMatchObject({
    code: 'bench_unlike',
    message: expect.stringContaining(`cannot be compared: ${name} `),
  })
})

it.each(['machine', 'threads', 'node'])('sets no times side by side where %s differs', async (name) => {
  const same = await compareBenches(
    bench('a', {}, [true, false]),
    bench('b', { code: 'new', version: '2' }, [true, true]),
  )
  expect(same.rows[0]).toMatchObject({ ttft: [0.5, 0.5], accuracy: { mean: 0.5 } })
  const { rows, apart } = await compareBenches(join(folder, 'a'), bench('c', { [name]: 'y' }, [true, false]))
  expect(rows[0].ttft).toBeUndefined()
  expect(apart).toEqual([expect.stringContaining(name)])
})

it('refuses answers that are not all there', async () => {
  const pair = [bench('a', {}, [true, false]), bench('b', {}, [true])] as const
  await expect(compareBenches(...pair)).rejects.toThrow('do not hold answers to the same questions by dense (2, 1)')
})
