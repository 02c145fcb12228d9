import { expect, it } from 'vitest'
import type { Answer } from '../../../src/evaluation/world.ts'
import { compareMeans } from '../../../src/papers/reports/asker.ts'
import { armsUnder, contrasts, verdictOf } from '../../../src/papers/reports/contrast.ts'
import type { Arm, Lab } from '../../../src/papers/reports/lab.ts'

const answers = (right: number): Answer[] =>
  Array.from({ length: 100 }, (_, index) => ({ set: 'world', task: 'box', index, correct: index < right }) as Answer)

/** A lab in which a training under `by` and a seed answers so many questions of a hundred. */
function labOf(rights: Readonly<Record<string, readonly number[]>>) {
  const asked: string[][] = []
  const lab = {
    quick: false,
    seed: 1,
    expect: () => {},
    compareMeans: (first: Answer[][], others: Answer[][]) => compareMeans(first, others, 1),
    trained:
      async ({ by }: { by: string }, seed: number) =>
      () => ({ name: `${by} ${seed}` }),
    evaluate: async (arms: readonly Arm[]) => {
      asked.push(arms.map(({ name }) => name!))
      return arms.map(({ method }) => {
        const [by, seed] = method.name.split(' ')
        return answers(rights[by][Number(seed) - 1])
      })
    },
  }
  return { lab: lab as unknown as Lab, asked }
}

async function rowsOf(rights: Readonly<Record<string, readonly number[]>>, least = 10) {
  const { lab, asked } = labOf(rights)
  const contrast = { claim: 'a beats b', first: { by: 'a' }, other: { by: 'b' }, tasks: ['box'], least }
  const rows = []
  for await (const row of contrasts(lab, [contrast])) rows.push(row)
  return { rows, asked }
}

it('trains both sides from three seeds and says what the first gains, seed by seed', async () => {
  const { rows, asked } = await rowsOf({ a: [80, 70, 75], b: [50, 60, 55] })
  expect(asked).toEqual([
    ['by=a, seed 1', 'by=a, seed 2', 'by=a, seed 3'],
    ['by=b, seed 1', 'by=b, seed 2', 'by=b, seed 3'],
  ])
  expect(rows[0]).toMatchObject({ unit: '%', baseline: { name: 'by=b' } })
  expect(rows[0].value).toBeCloseTo(75)
  expect(rows[0].baseline!.value).toBeCloseTo(55)
  expect(rows[1]).toMatchObject({ name: 'a beats b', holds: true })
  expect(rows[1].value).toBeCloseTo(20)
  expect(rows[1].note).toBe('by seed: 30.0, 10.0, 20.0; at least 10 were asked for')
})

it('does not hold where one seed says otherwise, nor where the gain is too small', async () => {
  const [mixed, none] = [
    await rowsOf({ a: [90, 90, 49], b: [50, 50, 50] }),
    await rowsOf({ a: [51, 51, 51], b: [50, 50, 50] }),
  ]
  expect(mixed.rows[1].holds).toBe('undecided')
  expect(none.rows[1]).toMatchObject({ holds: false, reason: 'it is below 10 points here' })
})

it('allows a loss where that is what was claimed', () => {
  const difference = (mean: number) => ({ mean, low: mean - 0.01, high: mean + 0.01, pairs: 100 })
  expect(verdictOf(difference(-0.02), [-3, -1], -3).holds).toBe(true)
  expect(verdictOf(difference(-0.05), [-5, -5], -3).holds).toBe(false)
  expect(verdictOf(difference(-0.035), [-4, -3], -3).holds).toBe('undecided')
})

it('sets ways of using a method beside each other, too, and asks as a paper does', async () => {
  const { lab } = labOf({})
  const ask = async (arms: readonly Arm[]) => arms.map(({ method }) => answers(Number(method.name)))
  const arms = ({ right }: Readonly<Record<string, unknown>>) => [{ method: { name: String(right) } }]
  const contrast = { claim: 'more', first: { right: 70 }, other: { right: 40 }, least: 5 }
  const rows = []
  for await (const row of contrasts(lab, [contrast], { ask, arms })) rows.push(row)
  expect(armsUnder('ts-llava', () => ({}))({ sampled: 0.2, tiles: 4 })[0].method.name).toBe(
    'ts-llava:sampled=0.2,tiles=4',
  )
  expect(rows[1]).toMatchObject({ name: 'more', holds: true, note: 'at least 5 were asked for' })
})
