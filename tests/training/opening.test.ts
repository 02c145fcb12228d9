import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createScope } from '../../src/nn/index.ts'
import { parseMethod } from '../../src/papers/methods.ts'
import { expandImages, layout } from '../../src/pipeline/talk/layout.ts'
import { constant, evaluate, type Tensor } from '../../src/tensor/index.ts'
import { viewsOfScenes } from '../../src/training/kept-pictures.ts'
import { joinViews, openingOf, type Seen, writtenAround } from '../../src/training/opening.ts'
import { withRandomAdapter } from '../papers/random-adapter.ts'
import { picture, type Tiny, tinyModel } from '../pipeline/tiny-model.ts'

let tiny: Tiny
beforeAll(async () => {
  tiny = await tinyModel()
})
afterAll(() => tiny.close())

const numbers = (x: Tensor): number[] => Array.from(evaluate([x], new Map())[0].data, Number)

const D = 32

/** Tokens of views that were encoded, as a training sees them: twice the same picture. */
function seenTwice(
  views: readonly { owner: readonly number[]; embeds: { data: Float32Array; dims: readonly number[] } }[],
): Seen {
  const twice = [...views, ...views]
  const [tokens, patches] = [views[0].embeds.dims[0], views[0].owner.length]
  const rows = twice.flatMap((_, at) => new Array(2).fill(at))
  return {
    states: constant(
      twice.flatMap(({ embeds }) => [...embeds.data]),
      [twice.length, tokens, D],
    ),
    owner: constant(
      twice.flatMap(({ owner }) => owner),
      [twice.length, patches],
      'i64',
    ),
    memory: { kept: constant(rows, [twice.length, 2, 1]) },
    vision: { layers: [], patches: constant([], [0]), special: 0, grid: { rows: 4, columns: 4 } },
  }
}

describe('what a dialogue opens with', () => {
  it('is what a prompt has of the same views: commas and line breaks between them, tags and all', async () => {
    const { architecture, tokenizer } = tiny.model.parts
    const method = withRandomAdapter(architecture, parseMethod('llava-uhd:slices=4,queries=9'))
    const image = picture(1, 192, 192)
    const { views, prompt } = await tiny.model.encode(image, method)
    const chunk = layout(
      expandImages(prompt, architecture.prompt.imageToken, []),
      architecture.prompt.imageToken,
      views,
      0,
    )
    const written = writtenAround(viewsOfScenes(method, architecture), (text) => tokenizer.encode(text), {
      ids: new Map(),
    })
    expect(written.map((ids) => tokenizer.decode(ids))).toEqual(['', ',', '\n', ',', '\n', ''])
    const scope = createScope()
    const opening = openingOf(joinViews(seenTwice(views), views.length), written, (ids) =>
      architecture.language.embed(scope, ids),
    )
    const isText = chunk.order.map((from) => from < chunk.ids.length)
    const slots = (of: boolean) => isText.flatMap((text, slot) => (text === of ? [slot] : []))
    const twice = (values: readonly number[]) => [...values, ...values]
    expect(numbers(opening.visual)).toEqual(twice(slots(false)))
    expect(numbers(opening.text!)).toEqual(twice(slots(true)))
    const tags = { ...chunk.tags, token: chunk.order.map((from) => chunk.ids[from] ?? -1) }
    for (const tag of ['view', 'row', 'column', 'token'] as const)
      expect([tag, numbers(opening.tags[tag])]).toEqual([tag, twice(tags[tag]!)])
    expect(opening.states.shape).toEqual([2, 5 * 9 + 4, D])
  })

  it('joins the views of each picture, and what they left', () => {
    const views = [1, 2, 3].map((seed) => ({
      owner: [0, -1, 1],
      embeds: { data: new Float32Array(2 * D).fill(seed), dims: [2, D] },
    }))
    const joined = joinViews(seenTwice(views), 3)
    expect(joined.states.shape).toEqual([2, 6, D])
    expect(numbers(joined.owner)).toEqual([0, -1, 1, 2, -1, 3, 4, -1, 5, 0, -1, 1, 2, -1, 3, 4, -1, 5])
    expect(numbers(joined.memory.kept)).toEqual([0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5])
    expect(joined.memory.kept.shape).toEqual([2, 6, 1])
  })
})
