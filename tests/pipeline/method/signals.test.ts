import { afterAll, beforeAll, expect, it } from 'vitest'
import type { GatheredTokens } from '../../../src/pipeline/method/visual-tokens.ts'
import { keepTokens, noteSignal, signalOf } from '../../../src/pipeline/method/visual-tokens.ts'
import { mean, sortAscending, square, type Tensor, topK } from '../../../src/tensor/index.ts'
import { PATCHES, picture, type Tiny, tinyModel } from '../tiny-model.ts'

let tiny: Tiny
beforeAll(async () => {
  tiny = await tinyModel()
})
afterAll(() => tiny.close())

const largest = (tokens: GatheredTokens, sizes: Tensor) => keepTokens(tokens, sortAscending(topK(sizes, 5)), 'noted')

const asked = (name: string, see: object) =>
  tiny.model.generate({ prompt: 'what is it?', images: [picture(1)], method: { name, see }, maxTokens: 2 })

/** By the states that the connector gives; read in another program than they are made in. */
const sizesOf = ({ states }: GatheredTokens) => mean(square(states), -1)

it('carries what is noted of tokens to where they are chosen', async () => {
  const connector = (tokens: GatheredTokens, next: (tokens: GatheredTokens) => GatheredTokens) => {
    const given = next(tokens)
    return noteSignal(given, 'size', sizesOf(given))
  }
  const noted = await asked('noted', {
    connector,
    tokens: (tokens: GatheredTokens) => largest(tokens, signalOf(tokens, 'size', 'noted')),
  })
  const direct = await asked('direct', { tokens: (tokens: GatheredTokens) => largest(tokens, sizesOf(tokens)) })
  expect(noted.tokens.visual).toMatchObject({ before: PATCHES, after: 5 })
  expect(noted.kept).toEqual(direct.kept)
})

it('refuses by name to read what nobody noted', async () => {
  await expect(
    asked('unnoted', { tokens: (tokens: GatheredTokens) => largest(tokens, signalOf(tokens, 'shade', 'noted')) }),
  ).rejects.toMatchObject({ code: 'method_unfit', message: expect.stringMatching(/noted reads shade/) })
})
