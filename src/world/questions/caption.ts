import type { Scene, SceneObject } from '../scene.ts'
import { plural, SHAPES, withArticle } from '../vocabulary.ts'
import { describe } from './refer.ts'
import { phrase, type Task } from './task.ts'

const TEMPLATES = [
  'describe the image.',
  'what does the image show?',
  'give a caption for the picture.',
  'what do you see?',
  'describe what is in the picture.',
  'write one sentence about the image.',
]

/** Least horizontal distance of two objects, as a fraction of the canvas, for an order from left to right. */
const ORDER_MARGIN = 0.03

/** Joins with commas and a last "and". */
function enumerate(parts: readonly string[]): string {
  if (parts.length < 2) return parts.join('')
  return `${parts.slice(0, -1).join(', ')} and ${parts.at(-1)}`
}

/** All that is said of an object: "a large striped red circle". */
export function phraseObject({ size, fill, color, shape }: SceneObject): string {
  return withArticle(describe({ size, fill: fill === 'solid' ? undefined : fill, color, shape }))
}

/** Up to four objects from left to right; undefined where that order is unclear. */
function captionInOrder(scene: Scene): string | undefined {
  const sorted = [...scene.objects].sort((a, b) => a.x - b.x)
  const unclear = sorted.some((object, i) => i > 0 && object.x - sorted[i - 1].x < ORDER_MARGIN * scene.size)
  return unclear ? undefined : enumerate(sorted.map(phraseObject))
}

/** Counts per shape, the most frequent first, ties in the order of `SHAPES`. */
function captionByCount(objects: readonly SceneObject[]): string {
  const counts = SHAPES.map((shape) => ({ shape, count: objects.filter((object) => object.shape === shape).length }))
  const present = counts.filter(({ count }) => count > 0).sort((a, b) => b.count - a.count)
  return enumerate(present.map(({ shape, count }) => `${count} ${count === 1 ? shape : plural(shape)}`))
}

function captionObjects(scene: Scene): string | undefined {
  return scene.objects.length > 4 ? captionByCount(scene.objects) : captionInOrder(scene)
}

function captionText(scene: Scene): string | undefined {
  const words = scene.words.map((word) => `${word.text} in ${word.color}`)
  const text = `the ${words.length === 1 ? 'word' : 'words'} ${enumerate(words)}`
  if (scene.objects.length === 0) return text
  const objects = captionObjects(scene)
  return objects && `${text}, with ${objects}`
}

/** The caption of any scene: deterministic, so that it can be scored by equality. */
export function caption(scene: Scene): string | undefined {
  if (scene.grid) return `a grid of ${scene.grid.rows} rows and ${scene.grid.columns} columns`
  if (scene.kind === 'text') return captionText(scene)
  if (scene.kind === 'objects') return captionObjects(scene)
  const bars = scene.chart!.bars.map((bar) => `${bar.label.text} ${bar.value}`)
  return `a chart of ${bars.length} bars: ${enumerate(bars)}`
}

export const captionTask: Task = {
  id: 'caption',
  scenes: ['objects', 'text', 'chart', 'grid'],
  ask(scene, rng) {
    const answer = caption(scene)
    return answer === undefined ? undefined : { task: 'caption', question: phrase(rng, TEMPLATES), answer }
  },
}
