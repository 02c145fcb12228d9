import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { loadModel } from '../../src/loading/node-load.ts'
import { readImage } from '../../src/media/read-image.ts'
import type { Model } from '../../src/pipeline/model.ts'

/** Recorded by tests/fixtures/make_batches.py: what transformers gives for two prompts padded to one length. */
interface Row {
  readonly image: string
  readonly prompt: string
  readonly ids: readonly number[]
  readonly logits: string
  readonly greedy: readonly number[]
}

const root = new URL('../fixtures/families/', import.meta.url).pathname
const families = readdirSync(root).filter((name) => existsSync(join(root, name, 'batch.json')))

const floats = (base64: string): Float32Array => {
  const bytes = Buffer.from(base64, 'base64')
  return new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength))
}

it('there is one for each way of cutting images', () => {
  expect(families).toEqual(['idefics3', 'llava-next', 'qwen2-vl'])
})

describe.each(families)('prompts that %s took as a padded batch', (family) => {
  const folder = join(root, family)
  const { rows }: { rows: Row[] } = JSON.parse(readFileSync(join(folder, 'batch.json'), 'utf8'))
  let model: Model
  beforeAll(async () => {
    model = await loadModel(folder, { threads: 1 })
  })
  afterAll(() => model?.dispose())

  it.each(rows)('have the same answers one at a time: $image', async ({ image, prompt, ids, logits, greedy }) => {
    const images = [await readImage(join(folder, image), { pixels: 'reference' })]
    const seen = { ids: [] as readonly number[], logits: new Float32Array(), greedy: [] as number[] }
    await model.generate({
      prompt,
      images,
      maxTokens: 12,
      ignoreEos: true,
      onPrefill: (ids, logits) => Object.assign(seen, { ids, logits: logits.slice() }),
      onToken: (id) => seen.greedy.push(id),
    })
    expect(seen.ids).toEqual(ids)
    const expected = floats(logits)
    const scale = Math.max(...expected.map(Math.abs))
    const distance = Math.max(...expected.map((value, at) => Math.abs(value - seen.logits[at]) / scale))
    expect(distance).toBeLessThan(1e-4)
    expect(seen.greedy).toEqual(greedy)
  })
})
