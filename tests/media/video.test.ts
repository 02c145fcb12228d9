import { describe, expect, it } from 'vitest'
import { assertOneSize, assertVideo, type Video } from '../../src/media/video.ts'

const frame = (width: number) => ({ width, height: 2, data: new Uint8Array(width * 6) })

describe('a video', () => {
  it('is frames at a rate', () => {
    expect(() => assertVideo({ frames: [frame(3), frame(3)], framesPerSecond: 0.5 })).not.toThrow()
  })

  it.each([
    [{ frames: [], framesPerSecond: 1 }, 'a video needs at least one frame'],
    [{ frames: [frame(3)], framesPerSecond: 0 }, 'a video needs framesPerSecond above 0, got 0'],
    [{ frames: [frame(3)], framesPerSecond: Number.NaN }, 'a video needs framesPerSecond above 0, got NaN'],
  ] as [Video, string][])('%# is refused', (video, message) => {
    expect(() => assertVideo(video)).toThrow(expect.objectContaining({ code: 'video_invalid', message }))
  })

  it('may have to have frames of one size', () => {
    const message = 'a video has frames of one size, but frame 0 is 3x2 and frame 1 is 4x2'
    expect(() => assertOneSize({ frames: [frame(3), frame(3)], framesPerSecond: 1 })).not.toThrow()
    const mixed = { frames: [frame(3), frame(4)], framesPerSecond: 1 }
    expect(() => assertOneSize(mixed)).toThrow(expect.objectContaining({ code: 'video_invalid', message }))
  })
})
