import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { loadModel } from '../../../src/loading/node-load.ts'
import type { RgbImage } from '../../../src/media/image.ts'
import { foldPatches } from '../../../src/models/connectors/fold-patches.ts'
import type { View } from '../../../src/models/views/view.ts'
import { parseMethod } from '../../../src/papers/methods.ts'
import type { Model } from '../../../src/pipeline/model.ts'
import { constant, evaluate } from '../../../src/tensor/index.ts'
import { PATCHES, picture, prefill, type Tiny, tinyModel } from '../../pipeline/tiny-model.ts'

let tiny: Tiny
beforeAll(async () => {
  tiny = await tinyModel()
})
afterAll(() => tiny.close())

/** An image of so many times the side of a tile of the tiny model, which has 32 pixels. */
const tiles = (wide: number, high: number) => picture(1, Math.round(32 * wide), Math.round(32 * high))

/** What NVLM makes of an image. */
function viewsOf(image: RgbImage, method = 'nvlm', model: Model = tiny.model): readonly View[] {
  return parseMethod(method).see!.views!([], { ...model.parts.architecture, image })
}

const textBefore = (views: readonly View[]) => views.map(({ text }) => text?.before)

describe('views of NVLM', () => {
  it.each([
    [2, 1, ['1,1', '1,2', undefined]],
    [1, 1, [undefined]],
    [3, 2, ['1,1', '1,2', '1,3', '2,1', '2,2', '2,3', undefined]],
    [1, 7, ['1,1', '2,1', '3,1', '4,1', '5,1', '6,1', undefined]],
  ])('%s x %s tiles, row by row, the whole image last', (wide, high, expected) => {
    const views = viewsOf(tiles(wide, high))
    expect(views.map(({ tile }) => tile && `${tile.row},${tile.column}`)).toEqual(expected)
    for (const { width, height } of views) expect([width, height]).toEqual([32, 32])
    expect(views.at(-1)!.image).toMatchObject({ width: 32 * wide, height: 32 * high })
  })

  it('are of one of fourteen grids of at most six tiles', () => {
    const seen = new Set<string>()
    for (let wide = 1; wide <= 7; wide++)
      for (let high = 1; high <= 7; high++) {
        const last = viewsOf(tiles(wide, high)).at(-2)?.tile ?? { row: 1, column: 1 }
        seen.add(`${last.column}:${last.row}`)
      }
    const grids = ['1:1', '1:2', '1:3', '1:4', '1:5', '1:6', '2:1', '2:2', '2:3', '3:1', '3:2', '4:1', '5:1', '6:1']
    expect([...seen].sort()).toEqual(grids)
  })

  it('of a shape between two grids take the larger one only where the image fills half of it', () => {
    expect(viewsOf(tiles(1.2, 1.2))).toHaveLength(1) // 1.44 of 4 tiles
    expect(viewsOf(tiles(1.5, 1.5))).toHaveLength(5) // 2.25 of 4 tiles
  })

  it('leave frames of a video alone', () => {
    const views = [{ image: picture(), width: 32, height: 32 }]
    expect(parseMethod('nvlm').see!.views!(views, tiny.model.parts.architecture)).toBe(views)
  })
})

describe('tags of NVLM', () => {
  it.each([
    ['nvlm', ['<Image><tile_1>', '<tile_2>', '<tile_global_thumbnail>']],
    ['nvlm:tiles=12', ['<Image><tile_01>', '<tile_02>', '<tile_global_thumbnail>']],
    ['nvlm:thumbnail=tile_global', ['<Image><tile_1>', '<tile_2>', '<tile_global>']],
    ['nvlm:tags=grid', ['<Image><tile_x0_y0>', '<tile_x1_y0>', '<tile_global_thumbnail>']],
    [
      'nvlm:tags=box',
      ['<Image><box>(0,0),(500,1000)</box>', '<box>(500,0),(1000,1000)</box>', '<tile_global_thumbnail>'],
    ],
    ['nvlm:tags=none', ['<Image>', '', '']],
  ])('%s', (method, expected) => {
    expect(textBefore(viewsOf(tiles(2, 1), method))).toEqual(expected)
    expect(viewsOf(tiles(2, 1), method).at(-1)!.text?.after).toBe('</Image>')
  })

  it('do not tell 2 x 3 from 3 x 2, and a single tile has the one of the thumbnail', () => {
    expect(textBefore(viewsOf(tiles(2, 3)))).toEqual(textBefore(viewsOf(tiles(3, 2))))
    expect(textBefore(viewsOf(tiles(1, 1)))).toEqual(['<Image><tile_global_thumbnail>'])
  })

  it('stand in the prompt as text, tokenized as a whole, so many and so many tokens each', async () => {
    const { tokenizer, architecture } = tiny.model.parts
    const { prompt, views } = await tiny.model.encode(tiles(2, 1), parseMethod('nvlm'))
    const image = tokenizer.idToToken(architecture.prompt.imageToken)!
    const text = `<Image><tile_1>${image}<tile_2>${image}<tile_global_thumbnail>${image}</Image>`
    expect(prompt).toEqual(tokenizer.encode(text, { special: true }))
    expect(views.map(({ embeds }) => embeds.dims[0])).toEqual([PATCHES, PATCHES, PATCHES])
    const { tokens } = await tiny.model.generate({
      prompt: 'what is it?',
      images: [tiles(2, 1)],
      method: parseMethod('nvlm'),
      maxTokens: 1,
    })
    expect(tokens.visual.after).toBe(3 * PATCHES)
  })

  it('matter to the answer', async () => {
    const [tagged, bare] = await Promise.all(['nvlm', 'nvlm:tags=none'].map((method) => prefillOf(tiles(2, 1), method)))
    expect(tagged).not.toEqual(bare)
  })
})

async function prefillOf(image: RgbImage, method: string): Promise<Float32Array> {
  let found = new Float32Array()
  const onPrefill = (_: readonly number[], logits: Float32Array) => {
    found = Float32Array.from(logits)
  }
  const options = { prompt: 'what is it?', images: [image], maxTokens: 1, onPrefill }
  await tiny.model.generate({ ...options, method: parseMethod(method) })
  return found
}

describe('NVLM in families', () => {
  /** What stands for an image of 2 x 1 tiles in a prompt, as text; the image token as it is. */
  async function writtenBy(name: string): Promise<{ text: string; token: string; views: number }> {
    const folder = fileURLToPath(new URL(`../../fixtures/families/${name}`, import.meta.url))
    const model = await loadModel(folder, { threads: 1 })
    try {
      const { tokenizer, architecture } = model.parts
      const { viewSize } = architecture.vision
      const { prompt, views } = await model.encode(picture(1, 2 * viewSize, viewSize), parseMethod('nvlm'))
      const token = tokenizer.idToToken(architecture.prompt.imageToken)!
      return { text: prompt.map((id) => tokenizer.idToToken(id)).join(''), token, views: views.length }
    } finally {
      await model.dispose()
    }
  }

  it.each(['llava', 'llava-next', 'llava-onevision', 'qwen2-vl', 'internvl', 'idefics3', 'smolvlm'])(
    '%s: one image token for each view, whatever the family packs or tags itself',
    async (name) => {
      const { text, token, views } = await writtenBy(name)
      expect(views).toBe(3)
      expect(text.split(token)).toHaveLength(4)
      expect(text).not.toMatch(/row_1|global-img/)
      if (name === 'internvl') expect(text).toMatch(/^<img>.+<\/img>$/)
      if (name === 'idefics3') expect(text.match(/<fake_token_around_image>/g)).toHaveLength(4)
    },
  )

  it.each(['blip-2', 'instructblip'])('%s takes its images before all text: refused', async (name) => {
    await expect(writtenBy(name)).rejects.toMatchObject({
      code: 'method_unfit',
      message: expect.stringMatching(new RegExp(`^nvlm.* writes text around views, but ${name} takes its images`)),
    })
  })
})

it('pixel shuffle puts the patches 0, 1, 4 and 5 of a 4 x 4 map into token 0', () => {
  const map = constant(
    Array.from({ length: 16 }, (_, at) => at),
    [1, 16, 1],
  )
  const [{ data }] = evaluate([foldPatches(map, { rows: 4, columns: 4 }, 2)], new Map())
  const folded = Array.from(data, Number)
  expect(folded.slice(0, 4)).toEqual([0, 1, 4, 5])
  expect(folded.sort((a, b) => a - b)).toEqual(Array.from({ length: 16 }, (_, at) => at))
})

it('runs beside methods that choose tokens', async () => {
  const { chunk } = await prefill(tiny.model, { method: parseMethod('nvlm+visionzip:keep=.5'), images: [tiles(1, 1)] })
  expect(chunk.visual.dims[0]).toBe(PATCHES / 2)
})
