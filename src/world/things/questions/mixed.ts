import { toThousandths } from '../../geometry.ts'
import { runBox } from '../../text-runs.ts'
import type { Item } from '../item.ts'
import { COUNTS } from './count.ts'
import { answerOf, boxOfItem, itemsOf, referTo, theOf } from './names.ts'
import { middleOf } from './place.ts'
import { thingTask } from './task.ts'

/** The word that stands among things. */
export const readTask = thingTask('thing-read', ({ scene, say }) => {
  if (scene.words.length !== 1) return undefined
  const [word] = scene.words
  return { question: say('read'), answer: word.text, box: toThousandths(runBox(word), scene.size) }
})

/** Bars that stand above things: the value of one, and whose is the highest or lowest. */
export const barTask = thingTask('thing-bar', ({ scene, rng, tongue, say }) => {
  const bars = scene.chart?.bars
  const items = itemsOf(scene)
  if (!bars || bars.length !== items.length) return undefined
  if (rng.chance(0.5)) {
    const at = rng.int(0, bars.length - 1)
    const named = referTo(items, items[at], rng)
    if (!named) return undefined
    const question = say('value', { the: theOf(tongue, named) })
    const box = boxOfItem(scene, items[at])
    return { question, answer: String(bars[at].value), box, candidates: [...COUNTS, '10'] }
  }
  const isHigh = rng.chance(0.5)
  const values = bars.map(({ value }) => value)
  const end = isHigh ? Math.max(...values) : Math.min(...values)
  if (values.filter((value) => value === end).length > 1) return undefined
  const item = items[values.indexOf(end)]
  const candidates = items.map((other) => answerOf(tongue, other))
  return {
    question: say(isHigh ? 'highest' : 'lowest'),
    answer: answerOf(tongue, item),
    box: boxOfItem(scene, item),
    candidates,
  }
})

/** What stands in a cell of a grid. */
export const cellTask = thingTask('thing-cell', ({ scene, rng, tongue, say }) => {
  const { grid } = scene
  if (!grid) return undefined
  const item = rng.pick(itemsOf(scene))
  const [row, column] = cellOf(item, grid)
  const question = say('cell', { row: String(row + 1), column: String(column + 1) })
  return { question, answer: answerOf(tongue, item), box: boxOfItem(scene, item) }
})

/** Row and column of the cell that holds the middle of an item. */
function cellOf(item: Item, { left, top, cell }: { left: number; top: number; cell: number }): [number, number] {
  const [x, y] = middleOf(item)
  return [Math.floor((y - top) / cell), Math.floor((x - left) / cell)]
}
