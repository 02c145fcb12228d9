/** What is trained is what answers: the loss of a dialogue is that of the tokens which a conversation would say. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { createScope } from '../../src/nn/index.ts'
import { parseMethod } from '../../src/papers/methods.ts'
import type { Method } from '../../src/pipeline/method/method.ts'
import { weightsUnder } from '../../src/pipeline/method/own-weights.ts'
import { compile, f32, i64, type Value } from '../../src/runtime/index.ts'
import { NodeBackend } from '../../src/runtime/node/backend.ts'
import { openingLength, readKept } from '../../src/training/dialogue.ts'
import { featureBank } from '../../src/training/feature-bank.ts'
import { inputsOf } from '../../src/training/kept-pictures.ts'
import { imageOf } from '../../src/training/mini/data.ts'
import { packText } from '../../src/training/mini/questions.ts'
import { special } from '../../src/training/mini/tokenizer.ts'
import { pick } from '../../src/training/step.ts'
import type { QA } from '../../src/world/index.ts'
import { withRandomAdapter } from '../papers/random-adapter.ts'
import { runChunks, textChunk } from '../papers/read-side.ts'
import { promptChunk, type Tiny, tinyModel } from '../pipeline/tiny-model.ts'

const backend = new NodeBackend()
const cache = mkdtempSync(join(tmpdir(), 'fovea-parity-'))
const before = process.env.FOVEA_CACHE
let tiny: Tiny
beforeAll(async () => {
  process.env.FOVEA_CACHE = cache
  tiny = await tinyModel()
})
afterAll(async () => {
  if (before === undefined) delete process.env.FOVEA_CACHE
  else process.env.FOVEA_CACHE = before
  rmSync(cache, { recursive: true })
  await tiny.close()
  await backend.dispose()
})

const TEXT = 32
const qa = { question: 'what color is the circle?', answer: 'red and blue' } as QA

const encode = (text: string): readonly number[] => tiny.model.parts.tokenizer.encode(text)

const bankOf = (method: Method, inputs: readonly string[]) =>
  featureBank({ backend, parts: tiny.model.parts, scenes: 1, method, inputs })

/** The loss of a question about the first scene, as a training step computes it. */
async function trainingLoss(method: Method, drawn = false): Promise<number> {
  const { architecture, weights } = tiny.model.parts
  const { answer } = readKept(createScope(), architecture, method, { batch: 1, text: TEXT, encode, drawn })
  const bank = await bankOf(method, inputsOf([answer]))
  const packed = packText([[qa]], { text: TEXT, visual: openingLength(architecture, method, { encode }), encode })
  const integers = (name: 'ids' | 'segments' | 'targets') => i64([1, TEXT], packed[name])
  const floats = (name: 'positions' | 'weights') => f32([1, TEXT], Float32Array.from(packed[name]))
  const program = await compile(backend, { answer }, weightsUnder(method, weights))
  const batch: Record<string, Value> = {
    ...bank.features([0]),
    ids: integers('ids'),
    segments: integers('segments'),
    targets: integers('targets'),
    positions: floats('positions'),
    weights: floats('weights'),
  }
  const { values } = await program.run(
    pick(
      batch,
      program.inputs.map(({ name }) => name),
    ),
  )
  await program.dispose()
  return Number(values.answer.data[0])
}

/** The mean loss of the tokens of the answer, one after the other in a conversation. */
async function answeringLoss(method: Method): Promise<number> {
  const { scene } = (await bankOf(method, [])).scene(0)
  const chunks = [await promptChunk(tiny.model, { prompt: qa.question, images: [imageOf(scene)], method })]
  const said = [...encode(qa.answer), special.eos]
  for (const id of said.slice(0, -1)) chunks.push(textChunk(tiny.model, [id], chunks.at(-1)!, method))
  const runs = await runChunks(tiny.model, method, chunks)
  const losses = runs.map(({ logits }, at) => {
    const top = Math.max(...logits)
    return Math.log(logits.reduce((sum, logit) => sum + Math.exp(logit - top), 0)) + top - logits[said[at]]
  })
  return losses.reduce((sum, loss) => sum + loss, 0) / losses.length
}

it.each([
  'dense',
  'mqt:heads=4',
  'infmllm',
  'comm:lora=2',
  'llava-more:scales=2',
  'longvlm',
  'crosslmm:side=2,every=2',
  'crosslmm:side=2,every=2,layer=own',
  'vision-remember:bidirectional',
  'vlora:rank=4,alpha=4,depth=1,skip=2',
  'llava-mini:layers=1',
  'llava-mini:layers=1,side=3,resolution=2',
  'llava-uhd:slices=4,queries=9',
  'merv:side=2',
  'yopo',
  'videollm-mod:ratio=.5',
  'nvlm:lora=2',
  'nvlm:form=cross,every=2',
  'nvlm:form=hybrid,every=2',
])('%s is trained on what it answers', async (text) => {
  const method = withRandomAdapter(tiny.model.parts.architecture, parseMethod(text))
  const [trained, answered] = [await trainingLoss(method), await answeringLoss(method)]
  expect(answered).toBeGreaterThan(3)
  expect(Math.abs(trained - answered)).toBeLessThan(5e-3)
})

it('comes to the same from pixels as from kept features', async () => {
  const method = withRandomAdapter(tiny.model.parts.architecture, parseMethod('infmllm'))
  expect(Math.abs((await trainingLoss(method, true)) - (await trainingLoss(method)))).toBeLessThan(5e-3)
})
