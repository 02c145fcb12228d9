import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { RgbImage } from '../../../src/media/image.ts'
import { parseMethod } from '../../../src/papers/methods.ts'
import type { Model } from '../../../src/pipeline/model.ts'
import { viewPositions } from '../../../src/pipeline/talk/positions.ts'
import { largestDifference, picture } from '../../pipeline/tiny-model.ts'
import { loadFamily } from '../../pipeline/videos.ts'

/** One colour, with a rectangle of another where `is` says so. */
function drawn(side: number, is: (x: number, y: number) => boolean): RgbImage {
  const data = new Uint8Array(side * side * 3)
  for (let y = 0; y < side; y++)
    for (let x = 0; x < side; x++) data.fill(is(x, y) ? 200 : 40, 3 * (y * side + x), 3 * (y * side + x) + 3)
  return { width: side, height: side, data }
}

const method = parseMethod('pixelprune')

/** CLIP with CLS, SigLIP, and encoders whose patches are folded in squares. */
describe.each(['llava', 'llava-siglip', 'qwen2-vl', 'idefics3', 'internvl'])('%s', (family) => {
  let model: Model
  let side: number
  beforeAll(async () => {
    model = await loadFamily(family)
    const { viewSize, patchSize } = model.parts.architecture.vision
    side = viewSize > patchSize ? viewSize : 4 * patchSize
  })
  afterAll(() => model.dispose())
  const look = async (image: RgbImage, by = method) => {
    const { views } = await model.encode(image, by)
    return { ...views[0], flops: views[0].cost.flops }
  }

  it('runs the encoder over one block of a picture of one colour; its token has the place of that', async () => {
    const image = drawn(side, () => false)
    const [own, one] = [await look(image, parseMethod('dense')), await look(image)]
    expect(one.embeds.dims[0]).toBe(1)
    expect(one.owner[0]).toBe(0)
    expect(one.owner.slice(1).every((token) => token === -1)).toBe(true)
    expect(one.flops).toBeLessThan(own.flops)
    const axes = model.parts.architecture.language.positionAxes
    expect(viewPositions(one, 0, 7, axes).end).toBe(viewPositions(own, 0, 7, axes).end)
    const { tokens } = await model.generate({ prompt: 'what?', images: [image], method, maxTokens: 2, ignoreEos: true })
    expect(tokens.visual.after).toBeLessThan(tokens.visual.before)
  })

  it('is the model as it is where no two blocks are alike', async () => {
    const image = picture(3, side, side)
    const [own, all] = [await look(image, parseMethod('dense')), await look(image)]
    expect(all.owner).toEqual(own.owner)
    expect(largestDifference(all.embeds.data, own.embeds.data)).toBeLessThan(1e-5)
  })

  it('keeps the places of the blocks that stay', async () => {
    const { patchSize } = model.parts.architecture.vision
    const columns = Math.floor(side / patchSize)
    const image = drawn(side, (x) => x >= patchSize) // all but the first column
    const { owner, embeds } = await look(image)
    const count = embeds.dims[0] // an image that is made larger has a column in between
    expect(count).toBeGreaterThan(1)
    expect(count).toBeLessThanOrEqual(Math.min(3, columns))
    expect(owner.flatMap((token, at) => (token >= 0 ? [at] : []))).toEqual([...Array(count).keys()])
    const positions = viewPositions(await look(image), 0, 0, model.parts.architecture.language.positionAxes)
    expect(positions.slots.map(({ column }) => column)).toEqual([...Array(count).keys()])
  })
})

it('keeps positions on one axis, or closes up', async () => {
  const model = await loadFamily('llava')
  const { viewSize, patchSize } = model.parts.architecture.vision
  const image = drawn(viewSize, (_, y) => y >= patchSize) // all but the first row
  const columns = viewSize / patchSize
  const place = async (ids: string) => {
    const { views } = await model.encode(image, parseMethod(`pixelprune:ids=${ids}`))
    const { slots, end } = viewPositions(views[0], 0, 10)
    return [...slots.map(({ place: [position] }) => position), end]
  }
  expect(await place('keep')).toEqual([10, 10 + columns, 10 + columns ** 2])
  expect(await place('pack')).toEqual([10, 11, 12])
  await model.dispose()
})

it('is refused where the encoder lays patches out in windows', async () => {
  const model = await loadFamily('qwen2.5-vl')
  await expect(model.encode(picture(1, 56, 56), method)).rejects.toMatchObject({
    code: 'method_unfit',
    message: expect.stringContaining('pixelprune drops patches within the encoder, which this one lays out in windows'),
  })
  await model.dispose()
})
