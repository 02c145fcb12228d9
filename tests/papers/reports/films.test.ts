import { expect, it } from 'vitest'
import { askFilms, withFilms } from '../../../src/papers/reports/films.ts'
import type { Lab } from '../../../src/papers/reports/lab.ts'
import { dense } from '../../../src/pipeline/method/compose.ts'
import { tinyModel } from '../../pipeline/tiny-model.ts'
import { loadFamily } from '../../pipeline/videos.ts'

const labOf = (model: unknown) => {
  const kept = new Map<string, unknown>()
  const remember = async <T>(key: string, make: () => Promise<T>) => {
    if (!kept.has(key)) kept.set(key, await make())
    return kept.get(key) as T
  }
  return { lab: { model: async () => model, seed: 1, n: 2, remember } as unknown as Lab, kept }
}

it('asks every arm the same questions about films, and keeps each answer', async () => {
  const model = await loadFamily('qwen2-vl')
  const { lab, kept } = labOf(model)
  const arms = [{ method: dense }, { method: dense, name: 'again' }]
  const answers = await askFilms(lab, 4)(arms, ['film-motion'])
  expect(answers.map((each) => each.map(({ task, index }) => `${task} ${index}`))).toEqual([
    ['film-motion 0', 'film-motion 1'],
    ['film-motion 0', 'film-motion 1'],
  ])
  expect(answers[1]).toMatchObject(answers[0].map(({ question, reply, correct }) => ({ question, reply, correct })))
  expect(answers[0].every(({ visualTokens }) => visualTokens.after > 0)).toBe(true)
  expect([...kept.keys()]).toContain('again, 4 frames, film-motion 1')
  await model.dispose()
})

it('says so where a model takes no videos', async () => {
  const tiny = await tinyModel()
  const rows = []
  for await (const row of withFilms(labOf(tiny.model).lab, 'more', async function* () {})) rows.push(row)
  expect(rows).toMatchObject([{ name: 'more', holds: 'undecided', reason: 'not measured: llava takes no videos' }])
  await tiny.close()
})
