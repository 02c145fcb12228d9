import { createHash } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { logMel } from '../../../src/media/audio/log-mel.ts'
import { encodeWav } from '../../../src/media/audio/wav.ts'
import { shotAt } from '../../../src/world/film/film.ts'
import { nodeArt } from '../../../src/world/node-art.ts'
import { SOUND_TASK_IDS } from '../../../src/world/sound/questions.ts'
import { sampleSound } from '../../../src/world/sound/sample-sound.ts'
import { makeSound, renderSound, SOUND_RATE, type SoundClip, VOICES } from '../../../src/world/sound/sound.ts'
import { sampleSoundingFilm } from '../../../src/world/sound/sounding-film.ts'
import { nameOf } from '../../../src/world/things/item.ts'

const samples = (task: string, n: number) =>
  Array.from({ length: n }, (_, index) => sampleSound({ split: 'test', seed: 4, index, task }))

/** Mean square of the samples between two seconds. */
function power(clip: SoundClip, from: number, to: number): number {
  const cut = renderSound(clip).subarray(Math.round(from * SOUND_RATE), Math.round(to * SOUND_RATE))
  return cut.reduce((sum, value) => sum + value * value, 0) / cut.length
}

describe('sounds', () => {
  test.each(SOUND_TASK_IDS)('%s is asked in both languages, and repeats', (task) => {
    for (const language of ['en', 'es']) {
      const key = { split: 'test', seed: 4, index: 2, task, language } as const
      expect(sampleSound(key)).toEqual(sampleSound(key))
      expect(sampleSound(key).qa.question).not.toMatch(/[{}]|undefined/)
    }
  })

  test('sound where and when the events say, and are quiet between', () => {
    for (let index = 0; index < 12; index++) {
      const clip = { ...makeSound({ split: 'train', seed: 1, index }), noise: 0 }
      expect(clip.events[0].from > 0 ? power(clip, 0, clip.events[0].from) : 0).toBe(0)
      for (const { from, to } of clip.events) expect(power(clip, from, to)).toBeGreaterThan(1e-5)
      const samples = renderSound(clip)
      expect(samples.length).toBe(8 * SOUND_RATE)
      expect(samples.every((value) => Math.abs(value) <= 1.2)).toBe(true)
    }
  })

  test('a tone has the pitch of its event, and a rising one rises', () => {
    const event = { from: 0, to: 1, pitch: 880, gain: 0.5 }
    const strongest = (voice: 'tone' | 'rise', frame: number) => {
      const clip = { seconds: 2, seed: 1, noise: 0, events: [{ ...event, voice }] }
      const { values, bands } = logMel(renderSound(clip), { bands: 64 })
      const row = values.subarray(frame * bands, (frame + 1) * bands)
      return row.indexOf(Math.max(...row))
    }
    expect(strongest('tone', 10)).toBe(strongest('tone', 80))
    expect(strongest('rise', 80)).toBeGreaterThan(strongest('rise', 10) + 5)
  })

  test('answers are those of the events', () => {
    for (const { clip, qa } of samples('sound-louder', 20)) {
      const [a, b] = qa.candidates!.map((name) => clip.events.find(({ voice }) => english[voice] === name)!)
      expect(qa.answer).toBe(a.gain > b.gain ? qa.candidates![0] : qa.candidates![1])
    }
    for (const { clip, qa } of samples('sound-order', 20)) {
      const end = /first/.test(qa.question) ? clip.events[0] : clip.events.at(-1)!
      expect(qa.answer).toBe(english[end.voice])
    }
    const heard = samples('sound-heard', 60).filter(({ qa }) => qa.answer === 'yes').length
    expect(heard).toBeGreaterThan(18)
    expect(heard).toBeLessThan(42)
  })

  test('in a film the sound of a thing starts when something happens to it', () => {
    for (let index = 0; index < 6; index++) {
      const { film, clip, sources } = sampleSoundingFilm({ split: 'test', seed: 3, index, art: nodeArt() })
      for (const [i, { from }] of clip.events.entries()) {
        const { actors, happenings } = shotAt(film, from * film.rate)
        const actor = actors.findIndex((item) => nameOf(item) === sources[i])
        expect(happenings.some((happening) => happening.actor === actor && happening.from === from * film.rate)).toBe(
          true,
        )
      }
    }
  })

  test('the same bytes on every machine', () => {
    const hash = createHash('sha256')
    for (let index = 0; index < 4; index++) {
      hash.update(encodeWav(renderSound(makeSound({ split: 'test', seed: 5, index })), SOUND_RATE))
    }
    expect(hash.digest('hex')).toBe('a931b60384d6f3aa2bf57797f6c388cc3601762ae1d01fdd0a31bc57ec9ff777')
  })

  test('refuses lengths that cannot be asked about, and unknown tasks', () => {
    expect(() => makeSound({ split: 'test', seed: 1, index: 0, seconds: 1 })).toThrow(/A clip of 1 seconds/)
    expect(() => sampleSound({ split: 'test', seed: 1, index: 0, task: 'sound-x' })).toThrow(/Unknown World task/)
    expect(VOICES.length).toBe(8)
  })
})

const english: Record<string, string> = {
  tone: 'a tone',
  rise: 'a rising tone',
  fall: 'a falling tone',
  noise: 'a hiss',
  bell: 'a bell',
  knock: 'a knock',
  buzz: 'a buzz',
  rhythm: 'a rhythm',
}
