import { expect, it } from 'vitest'
import { lessonBatches, patchBatches } from '../../../src/training/mini/data.ts'
import { denseClasses, denseNames, UNKNOWN } from '../../../src/training/mini/dense.ts'
import { partsOf } from '../../../src/training/mini/parts.ts'
import { special } from '../../../src/training/mini/tokenizer.ts'

const data = {
  side: 96,
  patch: 8,
  seed: 3,
  split: 'train' as const,
  encode: (text: string) => Array.from(text.slice(0, 12), (letter) => 10 + letter.charCodeAt(0)),
}
const parts = partsOf({ batch: 16, text: 96 })
const batch = lessonBatches(data, parts)(0)
const values = (name: string) => Array.from(batch[`still.${name}`].data, Number)

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
  expect(lessonBatches(data, parts)(0)).toEqual(batch)
  expect(lessonBatches(data, parts)(1)).not.toEqual(batch)
})

it('shows so many pictures of each kind of lesson, and says when something happens in a film', () => {
  for (const { name, batch: lessons, views, text } of parts) {
    expect(batch[`${name}.pixels`].dims).toEqual([lessons * views, 3, 96, 96])
    expect(batch[`${name}.ids`].dims).toEqual([lessons, text])
  }
  const [times, timed] = ['film.times', 'film.timed'].map((name) => Array.from(batch[name].data, Number))
  const said = timed.flatMap((is, slot) => (is ? [times.slice(2 * slot, 2 * slot + 2)] : []))
  expect(said.length).toBeGreaterThan(0)
  for (const [start, end] of said) expect(start >= 0 && start <= end && end < 1).toBe(true)
})

it('knows what lies in every patch of a picture, in other colours all but the colour', () => {
  const { labels, pixels } = patchBatches(data, { ...parts[0], batch: 24 })(0)
  const all = Array.from(labels.data, Number)
  const found = new Map(denseNames.map((name) => [name, new Set<number>()]))
  for (const [at, label] of all.entries()) found.get(denseNames[at % denseNames.length])!.add(label)
  for (const [name, seen] of found)
    for (const label of seen) expect(label >= UNKNOWN && label < denseClasses[name]).toBe(true)
  expect(found.get('name')!.size).toBeGreaterThan(20)
  expect(found.get('group')!.has(UNKNOWN)).toBe(false)
  expect(found.get('color')!.has(UNKNOWN)).toBe(true)
  expect(pixels.dims).toEqual([24, 3, 96, 96])
})
