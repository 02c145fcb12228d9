import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import {
  clipFrames,
  evenFrames,
  type FrameSampler,
  middleFrames,
  spannedFrames,
} from '../../../src/media/video/sampling.ts'

interface Case {
  readonly rule: 'even' | 'middle' | 'clip' | 'spanned'
  /** What the processor's file says. */
  readonly own: Readonly<Record<string, number>>
  /** What is asked of it. */
  readonly asked: { readonly num_frames?: number; readonly fps?: number }
  readonly frames: number
  readonly fps: number
  readonly indices: readonly number[]
}

const cases: Case[] = JSON.parse(readFileSync('tests/fixtures/video-sampling.json', 'utf8'))

const samplers: Record<Case['rule'], (own: Case['own']) => FrameSampler> = {
  even: () => evenFrames({}),
  middle: () => middleFrames({}),
  clip: (own) => clipFrames({ minFrames: own.min_frames, maxFrames: own.max_frames, depth: own.temporal_patch_size }),
  spanned: (own) => spannedFrames({ fps: own.fps, maxFrames: own.num_frames, skipSeconds: 1 }),
}

describe.each(['even', 'middle', 'clip', 'spanned'] as const)('%s frames', (rule) => {
  const own = cases.filter((each) => each.rule === rule)

  it(`are those of the reference, in ${own.length} cases`, () => {
    for (const each of own) {
      const { num_frames: frames, fps } = each.asked
      const chosen = samplers[rule](each.own)({ frames: each.frames, framesPerSecond: each.fps }, { frames, fps })
      expect(chosen, JSON.stringify({ ...each, indices: undefined })).toEqual(each.indices)
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

describe('a budget', () => {
  const clip = { frames: 300, framesPerSecond: 30 }
  const rules = {
    even: evenFrames({ frames: 32 }),
    middle: middleFrames({ frames: 16 }),
    clip: clipFrames({ fps: 2, minFrames: 4, maxFrames: 768, depth: 2 }),
    spanned: spannedFrames({ fps: 1, maxFrames: 64, skipSeconds: 1 }),
  }

  it.each(Object.entries(rules))('of at most 6 frames is kept by %s', (_, sampler) => {
    expect(sampler(clip, { maxFrames: 6 })).toHaveLength(6)
    expect(sampler(clip, { maxFrames: 6, fps: 3 })).toHaveLength(6)
  })

  it('goes before what the rule says of itself', () => {
    expect(rules.even(clip, {})).toHaveLength(32)
    expect(rules.even(clip, { frames: 4 })).toEqual([0, 75, 150, 225])
    expect(rules.middle(clip, { frames: 4 })).toEqual([37, 112, 187, 262])
    expect(rules.clip(clip, { fps: 1 })).toHaveLength(10)
    expect(rules.spanned(clip, { frames: 3 })).toEqual([30, 150, 270])
  })

  it.each([rules.even, rules.middle, rules.clip])('beyond the frames that there are is refused', (sampler) => {
    const ask = () => sampler({ frames: 5, framesPerSecond: 30 }, { frames: 8 })
    expect(ask).toThrow('8 frames were asked for, the video has 5 in that time')
  })

  it.each([rules.even, rules.middle])('beyond the rate of the video is refused', (sampler) => {
    const ask = () => sampler({ frames: 500, framesPerSecond: 25 }, { fps: 30 })
    expect(ask).toThrow('30 frames per second were asked for, the video has 25: ask for fewer')
  })

  it('that no one stated ends where the video does', () => {
    expect(rules.even({ frames: 5, framesPerSecond: 30 }, {})).toEqual([0, 1, 2, 3, 4])
  })
})
