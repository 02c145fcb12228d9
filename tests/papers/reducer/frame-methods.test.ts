/** What every method across frames owes on each way in which a family writes a video. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { buildMethod, runnable } from '../../../src/papers/methods.ts'
import { compose } from '../../../src/pipeline/method/compose.ts'
import type { Model } from '../../../src/pipeline/model.ts'
import { picture } from '../../pipeline/tiny-model.ts'
import { loadFamily, seen, VIDEO_FAMILIES, videoOf } from '../../pipeline/videos.ts'

const IDS = ['dycoke', 'evs', 'dtd', 'vidcom2', 'prunevid', 'holitom', 'flashvid', 'fastvid', 'ts-llava']
const entries = runnable.filter(({ id }) => IDS.includes(id))

it('there is each of them', () => {
  expect(entries).toHaveLength(IDS.length)
})

describe.each(VIDEO_FAMILIES)('%s', (family) => {
  let model: Model
  beforeAll(async () => {
    model = await loadFamily(family)
  })
  afterAll(() => model.dispose())

  describe.each(entries.map((entry) => [entry.id, entry] as const))('%s', (_, entry) => {
    const method = () => compose(buildMethod(entry, {}))
    const ask = (seeds: readonly number[], by = method()) =>
      model.generate({ prompt: 'what?', videos: [videoOf(model, seeds)], method: by, maxTokens: 3, ignoreEos: true })

    it('leaves fewer tokens of a still video, finite, each patch accounted for, alike every time', async () => {
      const reply = await ask([1, 1, 1, 1])
      const { before, after, last } = reply.tokens.visual
      expect(after).toBeGreaterThan(0)
      expect(after).toBeLessThan(before)
      expect(last).toBeLessThanOrEqual(after)
      const { embeds, width, tokens } = await seen(model, videoOf(model, [1, 1, 1, 1]), method())
      expect(embeds).toHaveLength(width * tokens)
      expect(embeds.every(Number.isFinite)).toBe(true)
      expect(reply.kept[0].every((bit) => bit === 0 || bit === 1)).toBe(true)
      expect(reply.kept[0].some((bit) => bit === 1)).toBe(true)
      const again = await ask([1, 1, 1, 1])
      expect([again.text, again.kept]).toEqual([reply.text, reply.kept])
    })

    it('takes a video of one frame', async () => {
      const { tokens } = await ask([1])
      expect(tokens.visual.after).toBeGreaterThan(0)
      expect(tokens.visual.after).toBeLessThanOrEqual(tokens.visual.before)
    })

    it('takes each of several videos by itself, and leaves an image as it is', async () => {
      const image = picture(1, 56, 56)
      const [alone, dense] = [await seen(model, videoOf(model, [1, 1, 2]), method()), await model.encode(image)]
      const videos = family === 'internvl-video' ? [[1, 1, 2]] : [[1, 1, 2], [3, 4]] // biome-ignore format: 64 positions
      const conversation = await model.converse([image], method(), videos.map((seeds) => videoOf(model, seeds))) // biome-ignore format: one step
      const { tokens } = await conversation.ask('what?', { maxTokens: 2, ignoreEos: true })
      const later = await conversation.ask('and?', { maxTokens: 2, ignoreEos: true })
      await conversation.close()
      const ofImage = dense.views.reduce((sum, { embeds }) => sum + embeds.dims[0], 0)
      expect(tokens.visual.after).toBeGreaterThanOrEqual(ofImage + alone.tokens)
      expect(later.tokens.visual).toEqual(tokens.visual)
      const { views } = await model.encode(image, method())
      expect(views.map(({ embeds }) => embeds)).toEqual(dense.views.map(({ embeds }) => embeds))
    })
  })
})
