import { toThousandths } from '../geometry.ts'
import type { Rng } from '../rng.ts'
import type { Bar, Scene } from '../scene.ts'
import { phrase, type QA, type Task } from './task.ts'

const VALUE = [
  'what is the value of bar {label}?',
  'how high is bar {label}?',
  'which value does bar {label} have?',
  'read the value of {label}.',
  'what value does the chart show for {label}?',
  'how much is {label}?',
]
const HIGHEST = [
  'which bar is the highest?',
  'which bar has the largest value?',
  'what is the label of the highest bar?',
  'name the tallest bar.',
]
const LOWEST = [
  'which bar is the lowest?',
  'which bar has the smallest value?',
  'what is the label of the lowest bar?',
  'name the shortest bar.',
]
const VALUES = Array.from({ length: 11 }, (_, i) => String(i))

/** The box of a bar that can be seen; a bar of value 0 has none. */
function visibleBox(scene: Scene, bar: Bar): QA['box'] {
  return bar.value > 0 ? toThousandths(bar.box, scene.size) : undefined
}

/** The value of one bar. */
export function valueQuestion(scene: Scene, bar: Bar, rng: Rng): QA {
  const question = phrase(rng, VALUE, { label: bar.label.text })
  return { task: 'bar', question, answer: String(bar.value), box: visibleBox(scene, bar), candidates: VALUES }
}

/** The highest or lowest bar; undefined where two bars share that place. */
export function extremeBar(bars: readonly Bar[], end: 'highest' | 'lowest'): Bar | undefined {
  const values = bars.map((bar) => bar.value)
  const extreme = end === 'highest' ? Math.max(...values) : Math.min(...values)
  const found = bars.filter((bar) => bar.value === extreme)
  return found.length === 1 ? found[0] : undefined
}

/** Which bar is the highest or lowest. */
export function extremeQuestion(scene: Scene, end: 'highest' | 'lowest', rng: Rng): QA | undefined {
  const bars = scene.chart?.bars ?? []
  const bar = extremeBar(bars, end)
  if (!bar) return undefined
  const question = phrase(rng, end === 'highest' ? HIGHEST : LOWEST)
  const candidates = bars.map((other) => other.label.text)
  return { task: 'bar', question, answer: bar.label.text, box: visibleBox(scene, bar), candidates }
}

export const barTask: Task = {
  id: 'bar',
  scenes: ['chart'],
  ask(scene, rng) {
    if (!scene.chart) return undefined
    if (rng.chance(0.6)) return valueQuestion(scene, rng.pick(scene.chart.bars), rng)
    return extremeQuestion(scene, rng.pick(['highest', 'lowest'] as const), rng)
  },
}
