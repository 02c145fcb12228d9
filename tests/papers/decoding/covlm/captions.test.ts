import { describe, expect, it } from 'vitest'
import { llava } from '../../../../src/models/vlm/llava.ts'
import { captionBatch } from '../../../../src/papers/decoding/covlm/batch.ts'
import { meanOf, regionOf } from '../../../../src/papers/decoding/covlm/boxes.ts'
import { groundedCaption, phrasesOf } from '../../../../src/papers/decoding/covlm/captions.ts'
import { WORDS } from '../../../../src/papers/decoding/covlm/words.ts'
import { makeScene, objectBox, Rng } from '../../../../src/world/index.ts'
import { tinyConfig } from '../../../pipeline/tiny-model.ts'

const FIRST = 64
const word = (name: (typeof WORDS)[number]) => FIRST + WORDS.indexOf(name)
const scene = makeScene({ split: 'train', seed: 5, index: 3, kind: 'objects' })
const caption = (ahead: number) =>
  groundedCaption('what?', scene, Rng.from(1), { encode: () => [30], first: FIRST, ahead })

describe('grounded captions', () => {
  it('name objects from left to right, alike ones once with all their boxes', () => {
    const twice = { ...scene, objects: [scene.objects[0], { ...scene.objects[0], x: scene.objects[0].x + 40 }] }
    const [phrase, ...others] = phrasesOf(twice)
    expect(others).toEqual([])
    expect(phrase.boxes).toHaveLength(2)
    expect(phrase.boxes[0][0]).toBeLessThan(phrase.boxes[1][0])
    expect(phrase.boxes[0][0]).toBeCloseTo(Math.max(0, objectBox(scene.objects[0])[0] / scene.size), 6)
  })

  it('look at what was named, or first at what comes next', () => {
    const shape = (ahead: number) =>
      caption(ahead).map(({ id, region }) => (region ? 'box' : id! >= FIRST ? WORDS[id! - FIRST] : 'text'))
    const named = ['<obj>', 'text', '</obj>', '<visual>']
    expect(shape(0).slice(3, 8)).toEqual([...named, 'box'])
    const count = phrasesOf(scene).length
    expect(count).toBeGreaterThan(1)
    const after = shape(1).slice(shape(1).indexOf('<previsual>') - 1)
    expect(after.slice(0, 6)).toEqual(['<obj>', '<previsual>', 'box', '<obj>', 'text', '</obj>'])
    expect(shape(1).filter((slot) => slot === '<visual>')).toHaveLength(1)
    expect(shape(0).filter((slot) => slot === '<visual>')).toHaveLength(count)
  })

  it('have all that is said learnt, marks too, and no region', () => {
    const slots = caption(1)
    const learnt = slots.filter(({ weight }) => weight > 0)
    expect(learnt.map(({ id }) => id)).toEqual(slots.slice(3).flatMap(({ id }) => id ?? []))
    expect(learnt.some(({ id }) => id === word('<previsual>'))).toBe(true)
  })

  it('become inputs: the mean of a region is what is read when it answers', () => {
    const architecture = llava.bind(tinyConfig(FIRST))
    const batch = captionBatch(
      Array.from({ length: 8 }, () => caption(0)),
      architecture,
    )
    const { regions, regionOf: at, lookSlots, lookKinds, zones } = batch
    const slots = caption(0)
    const [, , width] = regions.dims
    const first = slots.findIndex(({ region }) => region)
    expect(Number(at.data[first])).toBe(0)
    const features = Float32Array.from({ length: width * 2 }, (_, i) => Math.sin(i))
    const weights = Array.from(regions.data.slice(0, width), Number)
    const mean = [0, 1].map((d) => weights.reduce((sum, weight, cell) => sum + weight * features[2 * cell + d], 0))
    const [x1, y1, x2, y2] = slots[first].region!
    const expected = [...meanOf(features, regionOf({ x1, y1, x2, y2 }, 4), 4)]
    expect(mean).toEqual(expected.map((value) => expect.closeTo(value, 5)))
    expect(slots[Number(lookSlots.data[0])].id).toBe(word('<visual>'))
    expect(Number(lookKinds.data[0])).toBe(1)
    expect(Array.from(zones.data.slice(0, 16), Number).some((near) => near === 1)).toBe(true)
  })
})
