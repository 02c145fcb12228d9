import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { greedyModel } from '../../src/evaluation/greedy-model.ts'
import { answerItem, worldItem } from '../../src/evaluation/world.ts'
import { loadModel, type Model } from '../../src/index.ts'
import { dense } from '../../src/pipeline/method/compose.ts'
import { GREEDY } from '../../src/text/sampling.ts'

const image = 'examples/scene.png'
const prompt = 'describe the image.'
let folder: string
let model: Model
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fovea-generation-'))
  await cp('models/fovea-mini', folder, { recursive: true })
  const generation = { eos_token_id: 1, do_sample: true, temperature: 50, max_new_tokens: 3 }
  await writeFile(join(folder, 'generation_config.json'), JSON.stringify(generation))
  model = await loadModel(folder, { threads: 1 })
})
afterAll(async () => {
  await model.dispose()
  await rm(folder, { recursive: true })
})

it('the library makes answers as generation_config.json says, unless it is asked otherwise', async () => {
  const ids: number[] = []
  const own = await model.generate({ prompt, images: image, onToken: (id) => ids.push(id) })
  expect(own).toMatchObject({ finishReason: 'length', tokens: { generated: 3 } })
  const stated: number[] = []
  await model.generate({
    prompt,
    images: image,
    temperature: 50,
    topK: 50,
    maxTokens: 3,
    onToken: (id) => stated.push(id),
  })
  expect(stated).toEqual(ids)
  const greedy: number[] = []
  await model.generate({ prompt, images: image, ...GREEDY, maxTokens: 3, onToken: (id) => greedy.push(id) })
  expect(greedy).not.toEqual(ids)
  const chat = await model.converse({ images: image })
  expect((await chat.ask(prompt)).tokens.generated).toBe(3)
  expect((await chat.ask(prompt, { maxTokens: 2, temperature: undefined })).tokens.generated).toBe(2)
  await chat.close()
})

it('what is measured is not drawn: evaluation and reproduction take the most likely tokens', async () => {
  const plain = await loadModel('mini', { threads: 1 })
  const run = { set: 'world', split: 'test', seed: 3, method: dense } as const
  const item = await worldItem(run, 'color', 0)
  const [drawn, likely] = [
    await answerItem({ ...run, model }, 'color', 0, item),
    await answerItem({ ...run, model: plain }, 'color', 0, item),
  ]
  expect(drawn.map(({ reply }) => reply)).toEqual(likely.map(({ reply }) => reply))
  const [measured, expected] = await Promise.all(
    [greedyModel(model), plain].map((each) => each.generate({ prompt, images: image, maxTokens: 8 })),
  )
  expect(measured.text).toBe(expected.text)
  await plain.dispose()
})
