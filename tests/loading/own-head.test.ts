import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { openCheckpoint } from '../../src/checkpoints/open-checkpoint.ts'
import { loadModel } from '../../src/loading/node-load.ts'
import { withOwnHead } from '../../src/loading/node-own-head.ts'
import { llava } from '../../src/models/vlm/llava.ts'

const fixture = new URL('../fixtures/families/llava', import.meta.url).pathname
const root = mkdtempSync(join(tmpdir(), 'fovea-head-'))
afterAll(() => rmSync(root, { recursive: true }))

/** The fixture, whose output layer is its own, under a config that says it is tied. */
function misnamed() {
  const folder = join(root, 'tied')
  cpSync(fixture, folder, { recursive: true })
  const config = JSON.parse(readFileSync(join(folder, 'config.json'), 'utf8'))
  const tied = { ...config, tie_word_embeddings: true }
  writeFileSync(join(folder, 'config.json'), JSON.stringify(tied))
  return { folder, tied }
}

async function greedyOf(folder: string): Promise<number[]> {
  const model = await loadModel(folder, { threads: 1 })
  const ids: number[] = []
  await model.generate({ prompt: 'what?', maxTokens: 6, ignoreEos: true, onToken: (id) => ids.push(id) })
  await model.dispose()
  return ids
}

it('an output layer of other values than the embeddings counts, whatever the config says', async () => {
  expect(await greedyOf(misnamed().folder)).toEqual(await greedyOf(fixture))
})

it('a copy of the embeddings is left where it is', async () => {
  const { folder, tied } = misnamed()
  const checkpoint = await openCheckpoint(folder)
  const [head] = [...checkpoint.tensors.keys()].filter((name) => name.endsWith('lm_head.weight'))
  const [table] = [...checkpoint.tensors.keys()].filter((name) => name.endsWith('embed_tokens.weight'))
  const tensors = new Map(checkpoint.tensors).set(head, checkpoint.tensors.get(table)!)
  const bound = llava.bind(tied)
  const rebind = (config: unknown) => llava.bind(config)
  expect(await withOwnHead(bound, tensors, llava, rebind, tied)).toBe(bound)
  expect((await withOwnHead(bound, checkpoint.tensors, llava, rebind, tied)).language.ignored).toEqual([])
})
