import { type RgbImage, resizeImage } from '../../media/image.ts'
import { COLORS, patchLabels, type Rng, type Scene, SHAPES } from '../../world/index.ts'
import { nodeArt } from '../../world/node-art.ts'
import { renderPixels } from '../../world/node-canvas.ts'
import type { Item } from '../../world/things/item.ts'
import { itemLabels } from '../../world/things/item-labels.ts'
import { denseNames, summaryWidth, UNKNOWN } from './dense.ts'
import { fromRgba } from './images.ts'

/** A picture at the model's input size, and what the World knows of it. */
export interface Drawn {
  readonly image: RgbImage
  /** [patches, labels], in the order of `denseNames`. */
  readonly labels: Int16Array
  /** Left, top, right, bottom of what owns each patch, 0 to 1: [patches, 4]. */
  readonly boxes: Float32Array
  /** How many things there are of each colour, of each shape, and in all, scaled. */
  readonly summary: Float32Array
}

export const imageOf = (scene: Scene): RgbImage => fromRgba(renderPixels(scene), scene.size, scene.size)

export function draw(scene: Scene, side: number, patch: number): Drawn {
  const grid = side / patch
  const { labels, boxes } = scene.items ? labelsOfThings(scene, grid) : labelsOfShapes(scene, grid)
  return {
    image: resizeImage(imageOf(scene), side, side, 'bicubic'),
    labels: interleave(labels),
    boxes,
    summary: summarise(scene),
  }
}

type Labels = Readonly<Record<(typeof denseNames)[number], Int32Array>>

function labelsOfShapes(scene: Scene, grid: number): { labels: Labels; boxes: Float32Array } {
  const { box, ...labels } = patchLabels(scene, grid)
  const none = new Int32Array(grid * grid)
  return {
    labels: {
      ...labels,
      charIndex: labels.charIndex.map((v) => Math.min(v, 6) + 1),
      barValue: labels.barValue.map((v) => v + 1),
      name: none,
      group: none,
    },
    boxes: box,
  }
}

/** A thing has no shape, size or fill, and a colour only where a word for it is fair. */
function labelsOfThings(scene: Scene, grid: number): { labels: Labels; boxes: Float32Array } {
  const { item, name, group, color, box } = itemLabels(scene, grid, nodeArt())
  const { labels } = labelsOfShapes(scene, grid)
  const of = (read: (item: Item) => number) => item.map((index) => (index < 0 ? 0 : read(scene.items![index])))
  return {
    labels: {
      ...labels,
      name,
      group,
      shape: of((each) => (each.kind === 'figure' ? SHAPES.indexOf(each.shape) + 1 : 0)),
      color: color.map((value, cell) => (value === 0 && item[cell] >= 0 ? UNKNOWN : value)),
      size: item.map((index, cell) => (index < 0 ? labels.size[cell] : UNKNOWN)),
      fill: item.map((index, cell) => (index < 0 ? labels.fill[cell] : UNKNOWN)),
    },
    boxes: box,
  }
}

const interleave = (labels: Labels): Int16Array =>
  Int16Array.from(Array.from(labels.name).flatMap((_, cell) => denseNames.map((name) => labels[name][cell])))

function summarise({ objects, items = [] }: Scene): Float32Array {
  const counts = new Float32Array(summaryWidth)
  for (const each of [...objects, ...items]) {
    if (each.color) counts[COLORS.indexOf(each.color)] += 0.5
    if ('shape' in each) counts[COLORS.length + SHAPES.indexOf(each.shape)] += 0.5
    counts[summaryWidth - 1] += 0.25
  }
  return counts
}

const COLOR = denseNames.indexOf('color')

/**
 * The picture in other colours: channels exchanged, faded towards gray, brighter or darker. What has a name keeps it, a
 * colour is no longer known. Two vendors agree on forms more than on colours; a third is recognised by the forms.
 */
export function recolored({ image, labels, ...rest }: Drawn, rng: Rng): Drawn {
  const order = rng.shuffle([0, 1, 2])
  const [gray, gain, shift] = [rng.float(), rng.float(0.6, 1.4), rng.float(-40, 40)]
  const isInverted = rng.chance(0.1)
  const data = new Uint8Array(image.data.length)
  for (let at = 0; at < data.length; at += 3) {
    const mean = (image.data[at] + image.data[at + 1] + image.data[at + 2]) / 3
    for (let c = 0; c < 3; c++) {
      const mixed = gray * mean + (1 - gray) * image.data[at + order[c]]
      const value = (mixed - 128) * gain + 128 + shift
      data[at + c] = Math.max(0, Math.min(255, isInverted ? 255 - value : value))
    }
  }
  const unknown = labels.map((label, at) => (at % denseNames.length === COLOR && label > 0 ? UNKNOWN : label))
  return { ...rest, image: { ...image, data }, labels: unknown }
}
