import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import {
  clipFrames,
  evenFrames,
  type FrameSampler,
  middleFrames,
  nearestFrames,
  spannedFrames,
} from '../../../src/media/video/sampling.ts'

interface Case {
  readonly rule: 'even' | 'middle' | 'clip' | 'spanned' | 'nearest'
  /** What the processor's file says. */
  readonly own: Readonly<Record<string, number>>
  /** What is asked of it. */
  readonly asked: { readonly num_frames?: number; readonly fps?: number }
  readonly frames: number
  readonly fps: number
  readonly indices: readonly number[]
}

const cases: Case[] = JSON.parse(readFileSync('tests/fixtures/video-sampling.json', 'utf8'))

/** With what is asked of the reference written into the file: that is where its reading of a number holds here. */
const samplers: Record<Case['rule'], (own: Case['own'], asked?: Case['asked']) => FrameSampler> = {
  even: (_, { num_frames: frames, fps } = {}) => evenFrames({ frames, fps }),
  middle: (_, { num_frames: frames, fps } = {}) => middleFrames({ frames, fps }),
  clip: ({ min_frames, max_frames, temporal_patch_size }, { num_frames: frames, fps } = {}) =>
    clipFrames({ frames, fps, minFrames: min_frames, maxFrames: max_frames, depth: temporal_patch_size }),
  nearest: ({ min_frames, max_frames }, { num_frames: frames, fps } = {}) =>
    nearestFrames({ frames, fps, minFrames: min_frames, maxFrames: max_frames }),
  spanned: (own, asked = {}) =>
    spannedFrames({ fps: asked.fps ?? own.fps, maxFrames: asked.num_frames ?? own.num_frames, skipSeconds: 1 }),
}

describe.each(['even', 'middle', 'clip', 'spanned', 'nearest'] as const)('%s frames', (rule) => {
  const own = cases.filter((each) => each.rule === rule)

  it(`are those of the reference, in ${own.length} cases`, () => {
    for (const each of own) {
      const chosen = samplers[rule](each.own, each.asked)({ frames: each.frames, framesPerSecond: each.fps }, {})
      // Rounding makes the reference ask for one more frame at times, behind the last that there is.
      // Asked for more frames than there are, it shows some of them again.
      const there = [...new Set(each.indices)].filter((index) => index < each.frames)
      expect(chosen, JSON.stringify({ ...each, indices: undefined })).toEqual(there)
    }
  })

  it('are within the video, ascending and at least one, however short it is', () => {
    const sampler = samplers[rule]({ min_frames: 4, max_frames: 768, temporal_patch_size: 2, fps: 1, num_frames: 64 })
    for (const framesPerSecond of [1 / 7200, 0.5, 30])
      for (let frames = 1; frames < 12; frames++) {
        const chosen = sampler({ frames, framesPerSecond }, {})
        expect(chosen.length).toBeGreaterThan(0)
        expect(chosen).toEqual([...new Set(chosen)].sort((a, b) => a - b))
        expect(chosen.at(-1)).toBeLessThan(frames)
      }
  })
})

/** As the processors of families choose, with usual numbers. */
const rules = {
  even: evenFrames({ frames: 32 }),
  'shifted even': evenFrames({ frames: 32 }, 3),
  middle: middleFrames({ frames: 16 }),
  clip: clipFrames({ fps: 2, minFrames: 4, maxFrames: 768, depth: 2 }),
  'clip of a stated number': clipFrames({ frames: 8, minFrames: 4, maxFrames: 768, depth: 2 }),
  spanned: spannedFrames({ fps: 1, maxFrames: 64, skipSeconds: 1 }),
  nearest: nearestFrames({ fps: 2, minFrames: 4, maxFrames: 768 }),
}

describe.each(Object.entries(rules))('what is asked of %s', (_, sampler) => {
  const lengths = [1, 2, 3, 7, 30, 49, 300, 3597]
  const rates = [0.5, 10, 30_000 / 1001, 30]
  const expectFrames = (chosen: number[], count: number, of: number) => {
    expect(chosen).toHaveLength(count)
    expect(chosen).toEqual([...new Set(chosen)].sort((a, b) => a - b))
    expect(chosen.at(-1)).toBeLessThan(of)
  }

  it('is so many frames, all different', () => {
    for (const frames of lengths)
      for (const framesPerSecond of rates)
        for (const count of [1, 2, 3, 5, 10, 64, frames - 1, frames])
          if (count > 0 && count <= frames)
            expectFrames(sampler({ frames, framesPerSecond }, { frames: count }), count, frames)
  })

  it('is so many of each second, rounded down, at least one', () => {
    const at = (frames: number, fps: number, framesPerSecond = 10) => sampler({ frames, framesPerSecond }, { fps })
    expectFrames(at(30, 10), 30, 30)
    expectFrames(at(30, 2.5), 7, 30)
    expectFrames(at(30, 0.1), 1, 30)
    expectFrames(at(57, 100, 100), 57, 57)
    expectFrames(at(3000, 0.5), 150, 3000)
  })

  it('is never more than the limit', () => {
    for (const frames of lengths)
      for (const maxFrames of [1, 2, 3, 5]) {
        const chosen = sampler({ frames, framesPerSecond: 10 }, { maxFrames })
        expect(chosen.length).toBeGreaterThan(0)
        expect(chosen.length).toBeLessThanOrEqual(maxFrames)
        expect(sampler({ frames, framesPerSecond: 10 }, { fps: 10, maxFrames })).toHaveLength(
          Math.min(frames, maxFrames),
        )
      }
  })

  it('is refused where the video has fewer', () => {
    const ask = (frames: number, budget: object) => () => sampler({ frames, framesPerSecond: 25 }, budget)
    expect(ask(5, { frames: 8 })).toThrow('8 frames were asked for, the video has 5 in that time')
    expect(ask(500, { fps: 30 })).toThrow('30 frames per second were asked for, the video has 25: ask for fewer')
  })

  it('leaves what no one asked for within the video', () => {
    const chosen = sampler({ frames: 5, framesPerSecond: 30 }, {})
    expect(chosen.length).toBeGreaterThan(0)
    expect(chosen.at(-1)).toBeLessThan(5)
  })
})

describe('a budget', () => {
  const clip = { frames: 300, framesPerSecond: 30 }

  it('goes before what the rule says of itself', () => {
    expect(rules.even(clip, {})).toHaveLength(32)
    expect(rules.even(clip, { frames: 4 })).toEqual([0, 75, 150, 225])
    expect(rules.middle(clip, { frames: 4 })).toEqual([37, 112, 187, 262])
    expect(rules.clip(clip, { fps: 1 })).toHaveLength(10)
    expect(rules.clip(clip, { frames: 3 })).toEqual([0, 100, 200])
    expect(rules.spanned(clip, { frames: 3 })).toEqual([30, 150, 270])
    expect(rules.spanned(clip, { frames: 40 })).toHaveLength(40)
  })

  it('of a limit alone leaves whole clips whole where it can', () => {
    expect(rules.clip(clip, {})).toHaveLength(20)
    expect(rules.clip(clip, { maxFrames: 6 })).toHaveLength(6)
    expect(rules.clip(clip, { maxFrames: 1 })).toEqual([0])
  })
})

describe('a number that the file of a model states', () => {
  it('is at least one frame where the reference has no answer', () => {
    const one = clipFrames({ frames: 1, minFrames: 4, maxFrames: 768, depth: 2 })
    const none = clipFrames({ fps: 2, minFrames: 4, maxFrames: 1, depth: 2 })
    for (const sampler of [one, none]) expect(sampler({ frames: 300, framesPerSecond: 30 }, {})).toEqual([0])
  })
})
