import { createHash } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { seconds, shotAt } from '../../../src/world/film/film.ts'
import { makeFilm } from '../../../src/world/film/make-film.ts'
import { showsHeldOutMotion } from '../../../src/world/film/make-shot.ts'
import { STEP } from '../../../src/world/film/paths.ts'
import { FILM_TASK_IDS } from '../../../src/world/film/questions/index.ts'
import { askFilm, framesOf, sampleFilm, withoutTime } from '../../../src/world/film/sample-film.ts'
import { frameOf } from '../../../src/world/film/state.ts'
import { Rng } from '../../../src/world/index.ts'
import { nodeArt } from '../../../src/world/node-art.ts'
import { nameOf } from '../../../src/world/things/item.ts'
import { withSight } from '../../../src/world/things/masks.ts'
import { paintGround, paintItems } from '../../../src/world/things/paint-scene.ts'

const art = nodeArt()
const samples = (task: string, n: number, frames = 8) =>
  Array.from({ length: n }, (_, index) => sampleFilm({ split: 'test', seed: 6, index, task, frames, art }))
const films = (split: 'train' | 'test', n: number) =>
  Array.from({ length: n }, (_, index) => makeFilm({ split, seed: 2, index, art }))

/** What a frame shows under a name, by its scene alone. */
const shown = (film: Parameters<typeof frameOf>[0], frame: number, name: string) =>
  frameOf(film, frame).items!.find((item) => nameOf(item) === name)

describe('films', () => {
  test.each(FILM_TASK_IDS)('%s is asked in both languages, and repeats', (task) => {
    for (const language of ['en', 'es']) {
      const key = { split: 'test', seed: 6, index: 1, task, language, art } as const
      const { film, qa } = sampleFilm(key)
      expect(sampleFilm(key)).toEqual({ film, qa, heldOut: film.heldOut })
      expect(qa.question).not.toMatch(/[{}]|undefined/)
      if (qa.time) expect(qa.time[0] >= 0 && qa.time[1] <= seconds(film, film.frames)).toBe(true)
    }
  })

  test('what moves goes the way that is said', () => {
    for (const { film, qa } of samples('film-motion', 25)) {
      const name = qa.question.match(/(?:does|where does) the (.*?) (?:move|go)/)![1]
      const [from, to] = qa.time!.map((time) => time * film.rate)
      if (film.odd) continue
      const [before, after] = [shown(film, from - 1, name)!, shown(film, to, name)!]
      const [dx, dy] = [after.x - before.x, after.y - before.y]
      const length = Math.hypot(dx, dy)
      expect(length).toBeGreaterThan(0.2 * film.size)
      const [sx, sy] = STEP[qa.answer as keyof typeof STEP]
      expect((dx * sx + dy * sy) / length).toBeGreaterThan(0.95)
      const middles = qa.path!.map(([left, top, right, bottom]) => [(left + right) / 2000, (top + bottom) / 2000])
      for (const [at, { x, y }] of [before, after].entries()) {
        expect(middles[at][0]).toBeCloseTo(x / film.size, 1)
        expect(middles[at][1]).toBeCloseTo(y / film.size, 1)
      }
    }
  })

  test('what comes or goes has one place, where it is seen', () => {
    for (const { film, qa } of samples('film-needle', 20)) {
      if (!qa.path) continue
      const [start, end] = qa.path
      expect(end).toEqual(start)
      const item = shown(film, qa.time![0] * film.rate, qa.answer)!
      expect(start[0]).toBeLessThanOrEqual((1000 * item.x) / film.size)
      expect(start[2]).toBeGreaterThanOrEqual((1000 * item.x) / film.size)
    }
  })

  test('a colour changes at the second that is said, and stays', () => {
    for (const { film, qa } of samples('film-change', 15)) {
      const at = qa.time![0] * film.rate
      const before = frameOf(film, at - 1).items!.map((item) => item.color)
      const after = frameOf(film, at).items!.filter((item, i) => item.color !== before[i])
      expect(after.map(({ color }) => color)).toContain(qa.answer)
    }
  })

  test('blinks are counted in the frames', () => {
    for (const { film, qa } of samples('film-times', 15)) {
      const name = qa.question.match(/does the (.*) blink/)![1]
      const { from, to } = shotAt(film, qa.time![0] * film.rate)
      const seen = Array.from({ length: to - from }, (_, i) => shown(film, from + i, name) !== undefined)
      const gaps = seen.filter((is, i) => !is && seen[i - 1] && seen.slice(i).includes(true)).length
      expect(String(gaps)).toBe(qa.answer)
    }
  })

  test('what hides behind another is not seen, and comes back where that is said', () => {
    for (const { film, qa } of samples('film-back', 10)) {
      const name = (qa.question.match(/does the (.*) come back/) ?? qa.question.match(/is the (.*) seen again/))![1]
      const visible = (frame: number) =>
        withSight(frameOf(film, frame).items!, film.size, art).find((item) => nameOf(item) === name)?.visible ?? 0
      expect(visible(qa.time![1] * film.rate)).toBeLessThan(0.1)
      expect(visible(shotAt(film, qa.time![1] * film.rate).to - 1) > 0.3 ? 'yes' : 'no').toBe(qa.answer)
    }
  })

  test('what flashes up, and the odd frame, stand in one frame', () => {
    for (const { film, qa } of samples('film-needle', 25)) {
      if (film.word?.word.text === qa.answer) continue
      const frames = Array.from({ length: film.frames }, (_, frame) => frame).filter((frame) =>
        shown(film, frame, qa.answer),
      )
      expect(frames).toEqual([qa.time![0] * film.rate])
    }
  })

  test('counts and existence at a second are those of the frame', () => {
    for (const { film, qa } of samples('film-count', 25)) {
      expect(qa.answer).toBe(String(frameOf(film, qa.time![0] * film.rate).items!.length))
    }
    const there = samples('film-exist-at', 40)
    for (const { film, qa } of there) {
      const name = qa.question.match(/(?:is there|do you see) an? (.*) at second/)![1]
      expect(shown(film, qa.time![0] * film.rate, name) ? 'yes' : 'no').toBe(qa.answer)
    }
    expect(there.filter(({ qa }) => qa.answer === 'yes').length).toBeGreaterThan(10)
  })

  test('training shows no motion that is kept for tests; some tests do', () => {
    expect(films('train', 60).some(({ heldOut, shots }) => heldOut || shots.some(showsHeldOutMotion))).toBe(false)
    expect(films('test', 60).filter(({ heldOut }) => heldOut).length).toBeGreaterThan(5)
  })

  test('a stream is cut together from many shots, and asked about alike', () => {
    const stream = makeFilm({ split: 'train', seed: 1, index: 0, frames: 3000, rate: 2, art })
    expect(stream.shots.length).toBeGreaterThan(90)
    for (const [i, { to }] of stream.shots.entries()) expect(stream.shots[i + 1]?.from ?? 3000).toBe(to)
    expect(frameOf(stream, 2999).items!.length).toBeGreaterThan(0)
    expect(askFilm(stream, Rng.from(1, 'stream'), 12).length).toBeGreaterThan(8)
  })

  test('the same bytes on every machine', () => {
    const hash = createHash('sha256')
    for (const film of films('test', 6)) {
      for (const scene of framesOf(film)) {
        const surface = paintGround(scene)
        paintItems(surface, scene, art)
        hash.update(JSON.stringify(scene)).update(surface.data)
      }
    }
    expect(hash.digest('hex')).toBe('9533fe19b89b23224943fe483963beaaa1996775379bca0ff4c24c423c725ca0')
  })

  test('baselines without time show the same frames in another order, or one alone', () => {
    const { shuffled, single } = withoutTime(films('test', 1)[0], Rng.from(1, 'time'))
    expect([...shuffled].sort()).toEqual([0, 1, 2, 3, 4, 5, 6, 7])
    expect(new Set(single).size).toBe(1)
  })

  test('refuses films in which nothing can happen', () => {
    const key = { split: 'test', seed: 1, index: 0, art } as const
    expect(() => makeFilm({ ...key, frames: 1 })).toThrow(
      'A film of 1 frames shows nothing that happens: use an integer from 4',
    )
    expect(() => makeFilm({ ...key, rate: 3 })).toThrow(/Cannot film at 3 frames a second/)
    expect(() => sampleFilm({ ...key, task: 'film-moton' })).toThrow(/Unknown World task "film-moton"/)
  })
})
