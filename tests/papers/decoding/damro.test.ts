import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { loadModel } from '../../../src/loading/node-load.ts'
import { readImage } from '../../../src/media/read-image.ts'
import type { VisionLayer } from '../../../src/models/vision-side.ts'
import { clsRow } from '../../../src/papers/decoding/damro.ts'
import { parseMethod } from '../../../src/papers/methods.ts'
import { compose } from '../../../src/pipeline/method/compose.ts'
import type { Method } from '../../../src/pipeline/method/method.ts'
import { allPatches } from '../../../src/pipeline/method/visual-tokens.ts'
import type { AskOptions } from '../../../src/pipeline/talk/ask-options.ts'
import { constant, evaluate, type Tensor } from '../../../src/tensor/index.ts'
import { Rng } from '../../../src/world/rng.ts'
import { largestDifference, PATCHES, picture, type Tiny, tinyModel } from '../../pipeline/tiny-model.ts'

let tiny: Tiny
beforeAll(async () => {
  tiny = await tinyModel()
})
afterAll(() => tiny.close())

const ask = (method: string | Method, options: AskOptions = {}, images = [picture()]) =>
  tiny.model.generate({
    prompt: 'is there a red star?',
    images,
    method: typeof method === 'string' ? parseMethod(method) : method,
    maxTokens: 8,
    ignoreEos: true,
    ...options,
  })

/** Logits of both readings at every step. */
async function rowsUnder(text: string) {
  const steps: { own: Float32Array; outliers: Float32Array }[] = []
  const { talk } = parseMethod(text).parts![0]
  const watched: Method = {
    name: 'watched',
    talk: {
      ...talk,
      logits: (row, at) => {
        steps.push({ own: row.slice(), outliers: at.branches[0].row.slice() })
        return talk!.logits!(row, at)
      },
    },
  }
  return { reply: await ask(watched), steps }
}

describe('DAMRO', () => {
  it('with alpha and beta 0 is plain decoding, at temperature 1 too', async () => {
    for (const temperature of [0, 1]) {
      const [plain, damro] = [await ask('dense', { temperature }), await ask('damro:alpha=0,beta=0', { temperature })]
      expect([damro.text, damro.tokens]).toEqual([plain.text, plain.tokens])
    }
  })

  it('reads a second prompt that is shorter by the patches that are no outliers', async () => {
    const { tokens, branches } = await ask('damro:k=3')
    expect(tokens.visual).toMatchObject({ before: PATCHES, after: PATCHES, last: PATCHES })
    expect(branches).toHaveLength(1)
    expect(branches![0].tokens).toEqual({ ...branches![0].tokens, text: tokens.text, cached: 0 })
    expect(branches![0].tokens.visual).toMatchObject({ before: PATCHES, after: 3, last: 3 })
    const all = await ask('damro:k=100')
    expect(all.branches![0].tokens.visual.after).toBe(PATCHES)
  })

  it('with all patches in raster order contrasts the answer with itself', async () => {
    const { reply, steps } = await rowsUnder(`damro:k=${PATCHES},order=raster,beta=0`)
    expect(steps).toHaveLength(8)
    for (const { own, outliers } of steps) expect(largestDifference(own, outliers)).toBeLessThan(1e-5)
    expect(reply.text).toBe((await ask('dense')).text)
    const permuted = await rowsUnder(`damro:k=${PATCHES}`)
    expect(largestDifference(permuted.steps[0].own, permuted.steps[0].outliers)).toBeGreaterThan(1e-4)
  })

  it('changes what is said, by tokens of the same two rows at every step', async () => {
    const { reply, steps } = await rowsUnder('damro:k=2,alpha=20,beta=0')
    const first = steps[0].own.map((l, id) => 21 * l - 20 * steps[0].outliers[id])
    const { tokenizer } = tiny.model.parts
    expect(reply.text.startsWith(tokenizer.decode([first.indexOf(Math.max(...first))], { skipSpecial: true }))).toBe(
      true,
    )
    expect(reply.text).not.toBe((await ask('dense')).text)
  })

  it('works on several images, over turns, and not at all on text', async () => {
    const two = await ask('damro:k=3', {}, [picture(1), picture(2)])
    expect(two.branches![0].tokens.visual.after).toBe(6)
    expect((await ask('damro', {}, [])).branches).toBeUndefined()
    const conversation = await tiny.model.converse([picture()], parseMethod('damro:k=3'))
    await conversation.ask('is there a star?', { maxTokens: 4 })
    const { tokens, branches } = await conversation.ask('where?', { maxTokens: 4 })
    expect(branches![0].tokens.cached).toBe(tokens.cached)
    await conversation.close()
  })

  it('goes with a reducer, which acts on both readings', async () => {
    const reply = await ask('damro:k=8+fastv:layer=2,keep=.5')
    expect(reply.tokens.visual.last).toBe(8)
    expect(reply.branches![0].tokens.visual).toMatchObject({ before: PATCHES, after: 8, last: 4 })
    const reversed = await ask(compose(parseMethod('fastv:layer=2,keep=.5'), parseMethod('damro:k=8')))
    expect(reversed.text).toBe(reply.text)
    const zipped = await ask('visionzip:keep=.5+damro:k=4')
    expect([zipped.tokens.visual.after, zipped.branches![0].tokens.visual.after]).toEqual([8, 4])
  })

  it('streams what it answers', async () => {
    const method = parseMethod('damro:k=3')
    const stream = tiny.model.stream({ prompt: 'what?', images: [picture()], method, maxTokens: 8, ignoreEos: true })
    const pieces: string[] = []
    for await (const piece of stream) pieces.push(piece)
    expect(pieces.length).toBeGreaterThan(2)
    expect(pieces.join('')).toBe((await stream.reply).text)
  })
})

describe('what CLS looks at', () => {
  const [H, N, D] = [4, 7, 8]
  const rng = Rng.from(5, 'queries and keys')
  const random = () =>
    Array.from({ length: H }, () => Array.from({ length: N }, () => Array.from({ length: D }, () => rng.normal())))
  const [q, k] = [random(), random()]
  const dot = (a: number[], b: number[]) => a.reduce((sum, value, at) => sum + value * b[at], 0)
  const soft = (scores: number[]) => {
    const weights = scores.map(Math.exp)
    return weights.map((weight) => weight / weights.reduce((a, b) => a + b))
  }
  const heads = q.map((rows, h) => rows.map((row) => soft(k[h].map((key) => dot(row, key) / Math.sqrt(D)))))
  const attention = constant(heads.flat(2), [1, H, N, N])
  const layer = { attention } as unknown as VisionLayer
  const vision = { layers: [layer], patches: constant(new Array(N - 1).fill(0), [1, N - 1, 1]), special: 1 }
  const tokens = allPatches({ ...vision, grid: { rows: 1, columns: N - 1 } })
  const values = (x: Tensor) => Array.from(evaluate([x], new Map())[0].data, Number)

  it('as one head of full width is softmax(q k / sqrt(h d)) of all heads together', () => {
    const scores = Array.from({ length: N }, (_, at) => q.reduce((sum, rows, h) => sum + dot(rows[0], k[h][at]), 0))
    const expected = soft(scores.map((score) => score / Math.sqrt(H * D))).slice(1)
    const found = values(clsRow(tokens, 'fused', 0))
    for (const [at, value] of found.entries()) expect(value).toBeCloseTo(expected[at], 5)
  })

  it('as a mean of heads is their mean', () => {
    const expected = heads.reduce((sum, head) => sum.map((value, at) => value + head[0][at] / H), new Array(N).fill(0))
    const found = values(clsRow(tokens, 'head-mean', 0))
    for (const [at, value] of found.entries()) expect(value).toBeCloseTo(expected[at + 1], 5)
  })
})

describe('DAMRO on families', () => {
  const root = 'tests/fixtures/families'
  const on = async (family: string, method: string) => {
    const model = await loadModel(`${root}/${family}`, { threads: 1 })
    try {
      const images = [await readImage(`${root}/${family}/image-0.png`)]
      return await model.generate({
        prompt: 'what?',
        images,
        method: parseMethod(method),
        maxTokens: 3,
        ignoreEos: true,
      })
    } finally {
      await model.dispose()
    }
  }

  it('gives a Q-Former the outliers alone: as many tokens in both readings', async () => {
    const { tokens, branches } = await on('instructblip', 'damro:k=4,attention=head-mean')
    expect(branches![0].tokens.visual.after).toBe(tokens.visual.after)
  })

  it('leaves out the tiles of an image: k tokens and the separator', async () => {
    const { tokens, branches } = await on('llava-next', 'damro:k=4')
    expect(tokens.visual.after).toBeGreaterThan(5)
    expect(branches![0].tokens.visual.after).toBe(5)
  })

  it('refuses an encoder without CLS', async () => {
    await expect(on('smolvlm', 'damro')).rejects.toMatchObject({
      code: 'method_unfit',
      message: 'damro ranks patches by the attention of CLS, this vision encoder has none',
    })
  })
})
