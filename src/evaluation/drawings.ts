/**
 * Simple drawings by another renderer: filled shapes on plain paper, written as SVG and rasterised by sharp. They ask
 * whether a model learnt shapes and colours, or the strokes of the World's own canvas.
 */
import { FoveaError } from '../errors.ts'
import { decodeImage } from '../media/decode.ts'
import type { RgbImage } from '../media/image.ts'
import { corners, isRound, RING_HOLE } from '../world/geometry.ts'
import {
  COLOR_RGB,
  findTask,
  makeScene,
  type QA,
  type Rgb,
  Rng,
  type Scene,
  type SceneObject,
  TASKS,
} from '../world/index.ts'

/** Tasks that can be asked about free objects. */
export const drawingTasks: readonly string[] = TASKS.filter((task) => task.scenes.includes('objects')).map(
  ({ id }) => id,
)

const PAPER: Rgb = [250, 250, 250]

/** One drawing with one question of a task; a function of (task, seed, index) alone. */
export function sampleDrawing(task: string, seed: number, index: number): { scene: Scene; qa: QA } {
  const { scenes, ask } = findTask(task)
  if (!scenes.includes('objects')) throw new FoveaError('drawing_task', 'usage', `no drawing can ask about "${task}"`)
  const rng = Rng.from(seed, 'drawings', task, index)
  for (;;) {
    const scene = makeScene({ split: 'test', seed: rng.uint32(), index, kind: 'objects' })
    if (scene.objects.some((object) => object.color === 'white')) continue
    const plain = simplify(scene)
    const qa = ask(plain, rng)
    if (qa) return { scene: plain, qa }
  }
}

/** Reference colours, no textures, no noise. */
function simplify(scene: Scene): Scene {
  const background = { ...scene.background, style: 'plain' as const, from: PAPER, to: PAPER }
  const objects = scene.objects.map((object) => ({ ...object, fill: 'solid' as const, rgb: COLOR_RGB[object.color] }))
  return { ...scene, noise: 0, background, objects }
}

const css = (rgb: Rgb): string => `rgb(${rgb.join(',')})`

function shapeOf(object: SceneObject): string {
  const { x, y, radius, rgb, shape } = object
  if (!isRound(shape)) {
    const points = corners(object, radius).map(([px, py]) => `${px.toFixed(2)},${py.toFixed(2)}`)
    return `<polygon points="${points.join(' ')}" fill="${css(rgb)}"/>`
  }
  if (shape !== 'ring') return `<circle cx="${x}" cy="${y}" r="${radius}" fill="${css(rgb)}"/>`
  const width = radius * (1 - RING_HOLE)
  const line = `fill="none" stroke="${css(rgb)}" stroke-width="${width}"`
  return `<circle cx="${x}" cy="${y}" r="${radius - width / 2}" ${line}/>`
}

/** The objects of a scene as SVG text. */
export function sceneToSvg({ size, background, objects }: Scene): string {
  const open = `<svg xmlns="http://www.w3.org/2000/svg" width="${size}" height="${size}">`
  const paper = `<rect width="${size}" height="${size}" fill="${css(background.from)}"/>`
  return [open, paper, ...objects.map(shapeOf), '</svg>'].join('')
}

/** The pixels of a drawing. */
export const renderDrawing = (scene: Scene): Promise<RgbImage> =>
  decodeImage(new TextEncoder().encode(sceneToSvg(scene)), { allowSvg: true })
