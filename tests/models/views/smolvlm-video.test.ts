import { describe, expect, it } from 'vitest'
import { numberWords } from '../../../src/models/views/number-words.ts'
import { duration, frameTime, videoPrompt } from '../../../src/models/views/smolvlm-video.ts'

describe('the text of a video', () => {
  it.each([
    [0, '00:00'],
    [59.9, '00:59'],
    [59.9996, '01:00'],
    [60, '01:00'],
    [3725, '62:05'],
  ])('a frame at %d s is from %s', (seconds, text) => {
    expect(frameTime(seconds)).toBe(text)
  })

  it.each([
    [0, '0:00:00'],
    [90.5, '0:01:30'],
    [3 * 3600 + 61, '3:01:01'],
    [86_400, '1 day, 0:00:00'],
    [200_000, '2 days, 7:33:20'],
  ])('%d s are %s long', (seconds, text) => {
    expect(duration(seconds)).toBe(text)
  })

  it('tells how long the whole video is, not the part that is seen', () => {
    const frame = { data: new Uint8Array(3), width: 1, height: 1 }
    const source = {
      name: 'a',
      codec: 'avc',
      width: 1,
      height: 1,
      frames: 900,
      framesPerSecond: 30,
      seconds: 30,
      indices: [300],
    }
    const text = videoPrompt({ frames: [frame], framesPerSecond: 1, timestamps: [10], source })
    expect(text).toBe(
      'You are provided the following series of one frames from a 0:00:30 [H:MM:SS] video.\n\nFrame from 00:10:' +
        '<fake_token_around_image><global-img><image><fake_token_around_image>\n\n',
    )
  })
})

it.each([
  [0, 'zero'],
  [13, 'thirteen'],
  [20, 'twenty'],
  [64, 'sixty-four'],
  [100, 'one hundred'],
  [101, 'one hundred and one'],
  [342, 'three hundred and forty-two'],
  [1000, 'one thousand'],
  [1005, 'one thousand and five'],
  [1100, 'one thousand, one hundred'],
  [12_345, 'twelve thousand, three hundred and forty-five'],
])('%d is "%s"', (value, words) => {
  expect(numberWords(value)).toBe(words)
})
