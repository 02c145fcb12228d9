import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { loadModel } from '../../src/loading/node-load.ts'
import { readVideo } from '../../src/media/video/read-video.ts'

const root = new URL('../fixtures/families/', import.meta.url).pathname
const clip = 'examples/clip.mp4'

/** What each family takes of 48 frames in four seconds, where no one says how many. */
const families = [
  { name: 'llava-onevision-video', frames: 32, framesPerSecond: 8, last: 46 },
  { name: 'qwen2-vl', frames: 8, framesPerSecond: 2, last: 42 },
  { name: 'qwen2.5-vl', frames: 8, framesPerSecond: 2, last: 42 },
  { name: 'smolvlm2-video', frames: 4, framesPerSecond: 1, last: 47 },
  { name: 'internvl-video', frames: 5, framesPerSecond: 1.25, last: 43 },
]

describe.each(families)('$name', ({ name, frames, framesPerSecond, last }) => {
  it('sees of a file what its processor would give it, and says so', async () => {
    const model = await loadModel(join(root, name), { threads: 1 })
    const video = await readVideo(clip, { sampler: model.frameSampler, frameSide: 48 })
    expect(video.source!.indices).toHaveLength(frames)
    expect(video.source!.indices.at(-1)).toBe(last)
    expect(video.framesPerSecond).toBeCloseTo(framesPerSecond)
    const { videos, tokens } = await model.generate({ prompt: 'what moves?', videos: [video], maxTokens: 2 })
    expect(videos).toEqual([
      { name: clip, frames, of: 48, framesPerSecond: video.framesPerSecond, timestamps: video.timestamps },
    ])
    expect(tokens.visual.after).toBeGreaterThan(frames / 2)
    await model.dispose()
  })

  it('shows as many different frames as were asked for', async () => {
    const model = await loadModel(join(root, name), { threads: 1 })
    for (const [budget, count] of [
      [{ frames: 1 }, 1],
      [{ maxFrames: 1 }, 1],
      [{ frames: 3 }, 3],
      [{ fps: 2.5 }, 10],
      [{ fps: 0.1 }, 1],
    ] as const) {
      const video = await readVideo(clip, { sampler: model.frameSampler, frameSide: 48, ...budget })
      const views = model.parts.architecture.prompt.video!.views(video)
      const shown = views.flatMap(({ image, clip }) => (clip ? clip.frames : [image]))
      expect([video.frames.length, new Set(shown).size], JSON.stringify(budget)).toEqual([count, count])
    }
    const tooMany = readVideo(clip, { sampler: model.frameSampler, frames: 49 })
    await expect(tooMany).rejects.toMatchObject({ code: 'video_frames', kind: 'usage' })
    await model.dispose()
  })
})

it('clips of Qwen2.5-VL lie as far apart as their frames', async () => {
  const model = await loadModel(join(root, 'qwen2.5-vl'), { threads: 1 })
  const config = { sampler: model.frameSampler, frameSide: 48 }
  const timesOf = async (budget: object) => {
    const video = await readVideo(clip, { ...config, ...budget })
    return model.parts.architecture.prompt.video!.views(video).map((view) => view.clip!.time)
  }
  const [slow, fast] = [await timesOf({ fps: 1 }), await timesOf({ fps: 4 })]
  expect(slow).toHaveLength(2)
  expect(fast).toHaveLength(8)
  // so many steps a second, two frames in a clip
  expect(slow[1]).toBe(4 * fast[1])
  await model.dispose()
})
