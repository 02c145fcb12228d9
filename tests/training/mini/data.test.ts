import { expect, it } from 'vitest'
import { worldBatch } from '../../../src/training/mini/data.ts'
import { special } from '../../../src/training/mini/tokenizer.ts'

const data = {
  batch: 12,
  text: 96,
  side: 96,
  patch: 8,
  seed: 3,
  split: 'train' as const,
  encode: (text: string) => Array.from(text.slice(0, 12), (letter) => 10 + letter.charCodeAt(0)),
}
const batch = worldBatch(data, 0)
const values = (name: string) => Array.from(batch[name].data, Number)

it('points at what a question asks about, at the last token of the question and nowhere else', () => {
  const [ids, pointed, places] = [values('ids'), values('pointed'), values('places')]
  let [one, two] = [0, 0]
  ids.forEach((id, slot) => {
    const has = [pointed[2 * slot], pointed[2 * slot + 1]]
    const boxes = [0, 4].map((from) => places.slice(8 * slot + from, 8 * slot + from + 4))
    if (id !== special.assistant) expect(has).toEqual([0, 0])
    boxes.forEach(([left, top, right, bottom], which) => {
      const isInside = left >= 0 && top >= 0 && right <= 1 && bottom <= 1 && left < right && top < bottom
      const isNowhere = [left, top, right, bottom].every((side) => side === 0)
      expect(has[which] ? isInside : isNowhere).toBe(true)
    })
    one += has[0]
    two += has[1]
  })
  // Relations have two objects, most questions one, counts none.
  expect(two).toBeGreaterThan(0)
  expect(one).toBeGreaterThan(two)
  expect(ids.filter((id) => id === special.assistant).length).toBeGreaterThan(one)
})

it('is a function of the step', () => {
  expect(worldBatch(data, 0)).toEqual(batch)
  expect(worldBatch(data, 1)).not.toEqual(batch)
})
