import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { buildMethod } from '../../../src/papers/methods.ts'
import { random } from '../../../src/papers/reducer/random.ts'
import { compose } from '../../../src/pipeline/method/compose.ts'
import { framesOf, leaveOfFrames } from '../../../src/pipeline/method/frames.ts'
import type { Method } from '../../../src/pipeline/method/method.ts'
import { type GatheredTokens, keepTokens, regroup } from '../../../src/pipeline/method/visual-tokens.ts'
import type { Model } from '../../../src/pipeline/model.ts'
import { viewPositions } from '../../../src/pipeline/talk/positions.ts'
import { arange, constant, equal, expand, greater, mean, mul, not, or, reshape } from '../../../src/tensor/index.ts'
import { picture } from '../tiny-model.ts'
import { loadFamily, seen, VIDEO_FAMILIES, videoOf } from '../videos.ts'

const across = (name: string, tokens: (tokens: GatheredTokens) => GatheredTokens): Method =>
  compose({ name, see: { tokens } })

/** Keeps all of the first frame, and of the others what lies above a mean: how many only the data tells. */
const above = across('above', (tokens) => {
  const frames = framesOf(tokens, 'above')
  if (!frames) return tokens
  const size = mean(frames.states, -1)
  const isFirst = reshape(equal(arange(frames.count), 0), [frames.count, 1])
  return leaveOfFrames(tokens, frames, { kept: or(isFirst, greater(size, mean(size))) }, { by: 'above', ids: 'pack' })
})

/** Every token of later frames becomes part of the one in the same place of the first. */
const still = across('still', (tokens) => {
  const frames = framesOf(tokens, 'still')
  if (!frames) return tokens
  const { count, each, states } = frames
  const kept = expand(reshape(equal(arange(count), 0), [count, 1]), [count, each])
  const into = expand(reshape(arange(each), [1, each]), [count, each])
  const means = expand(mean(states, 0, true), states.shape)
  return leaveOfFrames(tokens, frames, { kept, count: each, states: means, into }, { by: 'still', ids: 'pack' })
})

const all = across('all', (tokens) => {
  const frames = framesOf(tokens, 'all')
  if (!frames) return tokens
  const kept = not(equal(reshape(arange(frames.count * frames.each), [frames.count, frames.each]), -1))
  return leaveOfFrames(tokens, frames, { kept }, { by: 'all', ids: 'pack' })
})

describe.each(VIDEO_FAMILIES)('%s', (family) => {
  let model: Model
  beforeAll(async () => {
    model = await loadFamily(family)
  })
  afterAll(() => model.dispose())

  it('changes no bit where all tokens are left', async () => {
    const video = videoOf(model, [1, 2, 3])
    const [own, left] = [await seen(model, video), await seen(model, video, all)]
    expect(left.embeds).toEqual(own.embeds)
    expect(left.counts).toEqual(own.counts)
    expect(left.views.map(({ owner }) => owner)).toEqual(own.views.map(({ owner }) => owner))
    const answers = [undefined, all].map((method) =>
      model.generate({ prompt: 'what?', videos: [video], method, maxTokens: 4 }),
    )
    const [dense, kept] = await Promise.all(answers)
    expect([kept.text, kept.tokens, kept.kept]).toEqual([dense.text, dense.tokens, dense.kept])
  })

  it('keeps of each frame as many tokens as the data say, each as it was, and says which', async () => {
    const video = videoOf(model, [1, 2, 3])
    const [own, left] = [await seen(model, video), await seen(model, video, above)]
    expect(left.tokens).toBeLessThan(own.tokens)
    const rows = (of: typeof own) =>
      Array.from({ length: of.tokens }, (_, at) => of.embeds.slice(at * of.width, (at + 1) * of.width).join())
    const before = rows(own)
    const places = rows(left).map((row) => before.indexOf(row))
    expect(places.every((place) => place >= 0)).toBe(true)
    expect(places).toEqual([...places].sort((a, b) => a - b))
    expect(left.views).toHaveLength(own.views.length)
    const reply = await model.generate({
      prompt: 'what?',
      videos: [video],
      method: above,
      maxTokens: 3,
      ignoreEos: true,
    })
    expect(reply.tokens.visual.last).toBe(left.tokens)
    const prepared = await model.prepareVideo(video, { method: above })
    expect(prepared.size().tokens).toBeGreaterThanOrEqual(left.tokens)
  })

  it('knows what a token of another frame went into', async () => {
    const video = videoOf(model, [1, 2, 3])
    const { kept, tokens } = await model.generate({ prompt: 'what?', videos: [video], method: still, maxTokens: 2 })
    expect(tokens.visual.after).toBeLessThan(tokens.visual.before / 2)
    expect(kept[0].every((bit) => bit === 1)).toBe(true)
  })

  it('leaves images as they are', async () => {
    const image = picture(4, 56, 56)
    const [own, left] = [await model.encode(image), await model.encode(image, still)]
    expect(left.views.map(({ embeds }) => embeds)).toEqual(own.views.map(({ embeds }) => embeds))
  })

  it('answers in later turns, about several videos and an image', async () => {
    const videos = [videoOf(model, [1, 1, 2]), videoOf(model, [3, 4])]
    if (family === 'internvl-video') videos.pop() // 64 positions
    const conversation = await model.converse([picture(1, 56, 56)], above, videos)
    const first = await conversation.ask('what?', { maxTokens: 2, ignoreEos: true })
    const second = await conversation.ask('and?', { maxTokens: 2, ignoreEos: true })
    await conversation.close()
    expect(second.tokens.cached).toBeGreaterThan(0)
    expect(second.kept).toEqual(first.kept)
  })

  it('refuses frames whose tokens a method changed before', async () => {
    const method = compose(buildMethod(random, { keep: 0.5 }), above)
    await expect(seen(model, videoOf(model, [1, 2]), method)).rejects.toMatchObject({
      code: 'method_unfit',
      message: expect.stringContaining('above compares frames place by place, but random before it'),
    })
  })
})

const spread = across('spread', (tokens) => {
  const frames = framesOf(tokens, 'spread')
  if (!frames) return tokens
  const odd = Array.from({ length: frames.count * frames.each }, (_, at) => at % 2)
  const kept = equal(constant(odd, [frames.count, frames.each]), 1)
  return leaveOfFrames(tokens, frames, { kept }, { by: 'spread', ids: 'keep' })
})

it.each(['llava-onevision-video', 'smolvlm2-video'])('%s: keeps positions where that is asked for', async (family) => {
  const model = await loadFamily(family)
  const video = videoOf(model, [1, 2, 3])
  const place = async (method?: Method) => {
    const { views } = await seen(model, video, method)
    return views.map((view) => viewPositions(view, 0, 100))
  }
  const [own, left] = [await place(), await place(spread)]
  expect(left.map(({ end }) => end)).toEqual(own.map(({ end }) => end))
  const count = (views: typeof own) => views.reduce((sum, { slots }) => sum + slots.length, 0)
  expect(count(left)).toBeLessThan(count(own))
  for (const [at, { slots }] of left.entries()) {
    const places = slots.map(({ place: [position] }) => position)
    expect(places).toEqual([...new Set(places)].sort((a, b) => a - b))
    expect(places.every((position) => position >= 100 && position < own[at].end)).toBe(true)
  }
  expect(left.some(({ slots }) => slots.some(({ place: [position] }, at) => position !== 100 + at))).toBe(true)
  await model.dispose()
})

it('refuses to merge what is left of frames, and lets more be dropped', async () => {
  const model = await loadFamily('llava-onevision-video')
  const merging = across('merging', (tokens) => regroup(tokens, tokens.states, mul(tokens.owner, 0), 'merging'))
  await expect(seen(model, videoOf(model, [1, 2]), compose(above, merging))).rejects.toThrow(
    'merging merges tokens, but above before it left other numbers of them in each frame; put merging first',
  )
  const firstTwo = across('two', (tokens) => keepTokens(tokens, reshape(arange(2), [1, 2]), 'two'))
  expect((await seen(model, videoOf(model, [1, 2]), compose(above, firstTwo))).tokens).toBe(2)
  await model.dispose()
})

it('puts a token where it stood in time, row and column', async () => {
  const model = await loadFamily('qwen2-vl')
  const video = videoOf(model, [1, 1, 2])
  const { views: [own] } = await seen(model, video) // biome-ignore format: one step
  const { views: [left] } = await seen(model, video, above) // biome-ignore format: one step
  expect(left.places!.every(([time]) => own.grid.times!.includes(time))).toBe(true)
  expect(left.grid).toEqual(own.grid)
  const { views: [merged] } = await seen(model, video, still) // biome-ignore format: one step
  expect(merged.places!.every(([time]) => time === 0)).toBe(true)
  await model.dispose()
})
