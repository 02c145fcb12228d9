import type { RgbImage } from '../../media/image.ts'
import { f32, i64, type Value } from '../../runtime/index.ts'
import { askAll, COLORS, patchLabels, type Scene, SHAPES, type Split } from '../../world/index.ts'
import { renderPixels } from '../../world/node-canvas.ts'
import { imageMean, imageStd } from './config.ts'
import { denseNames, summaryWidth } from './dense.ts'
import { fromRgba, toPixels } from './images.ts'
import { type PackedText, packText, taskWeights, trainingScene } from './questions.ts'

export interface DataOptions {
  readonly batch: number
  /** Text tokens per image. */
  readonly text: number
  readonly side: number
  readonly patch: number
  readonly seed: number
  readonly split: Split
  readonly encode: (text: string) => readonly number[]
}

/** The batch of a step: a function of (seed, step) alone, so that a resumed run sees what an unbroken one would. */
export function worldBatch(options: DataOptions, step: number): Record<string, Value> {
  const images = Array.from({ length: options.batch }, (_, at) => worldExample(options, step * options.batch + at))
  const { batch, text, side, patch } = options
  const n = (side / patch) ** 2
  const join = (key: keyof Example) => images.flatMap((image) => Array.from(image[key] as ArrayLike<number>))
  return {
    pixels: f32([batch, 3, side, side], joinFloats(images.map((image) => image.pixels))),
    labels: i64([batch, n, denseNames.length], join('labels')),
    boxes: f32([batch, n, 4], joinFloats(images.map((image) => image.boxes))),
    counts: f32([batch, summaryWidth], joinFloats(images.map((image) => image.summary))),
    ids: i64([batch, text], join('ids')),
    segments: i64([batch, text], join('segments')),
    positions: f32([batch, text], Float32Array.from(join('positions'))),
    targets: i64([batch, text], join('targets')),
    weights: f32([batch, text], Float32Array.from(join('weights'))),
    places: f32([batch, text, 8], Float32Array.from(join('places'))),
    pointed: f32([batch, text, 2], Float32Array.from(join('pointed'))),
  }
}

interface Example extends PackedText {
  readonly pixels: Float32Array
  readonly labels: readonly number[]
  readonly boxes: Float32Array
  readonly summary: Float32Array
}

function worldExample(options: DataOptions, index: number): Example {
  const { side, patch } = options
  const { scene, dialogue, rng } = trainingScene(options, index)
  const questions = askAll(scene, rng, 24, taskWeights).map((qa) => [qa])
  const turns = dialogue ? [dialogue, ...questions] : questions
  const labels = patchLabels(scene, side / patch)
  return {
    pixels: toPixels(imageOf(scene), side, imageMean, imageStd),
    labels: interleave(labels),
    boxes: labels.box,
    summary: summarise(scene),
    ...packText(turns, { ...options, visual: (side / patch) ** 2 }),
  }
}

export const imageOf = (scene: Scene): RgbImage => fromRgba(renderPixels(scene), scene.size, scene.size)

function interleave(labels: ReturnType<typeof patchLabels>): number[] {
  const shifted = {
    ...labels,
    charIndex: labels.charIndex.map((v) => Math.min(v, 6) + 1),
    barValue: labels.barValue.map((v) => v + 1),
  }
  return Array.from(labels.shape).flatMap((_, cell) => denseNames.map((name) => shifted[name][cell]))
}

function summarise({ objects }: Scene): Float32Array {
  const counts = new Float32Array(summaryWidth)
  for (const { color, shape } of objects) {
    counts[COLORS.indexOf(color)] += 0.5
    counts[COLORS.length + SHAPES.indexOf(shape)] += 0.5
    counts[summaryWidth - 1] += 0.25
  }
  return counts
}

function joinFloats(parts: readonly Float32Array[]): Float32Array {
  const out = new Float32Array(parts.reduce((total, part) => total + part.length, 0))
  let at = 0
  for (const part of parts) {
    out.set(part, at)
    at += part.length
  }
  return out
}
