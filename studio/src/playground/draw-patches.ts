/** A picture with what was kept of it clear, what was merged faint, what was dropped faded, and hatched where no view shows it. */
import type { Fate, PatchBox } from './patches.ts'

export interface Look {
  readonly paper: string
  readonly accent: string
  readonly line: string
}

interface Drawn {
  readonly image: CanvasImageSource
  readonly width: number
  readonly height: number
  readonly boxes: readonly PatchBox[]
  readonly fates: readonly Fate[]
  readonly look: Look
}

export function drawPatches(
  context: CanvasRenderingContext2D,
  { image, width, height, boxes, fates, look }: Drawn,
): void {
  const { canvas } = context
  const scale = canvas.width / width
  context.setTransform(scale, 0, 0, scale, 0, 0)
  context.clearRect(0, 0, width, height)
  const area = (wanted?: Fate) => pathOf(boxes.filter((_, at) => !wanted || fates[at] === wanted))
  const isBare = boxes.length === 0
  if (!isBare) hatch(context, { width, height, step: 9 / scale, look })
  shown(context, isBare ? undefined : area(), () => {
    context.drawImage(image, 0, 0, width, height)
    if (isBare) return
    context.globalAlpha = 0.86
    context.fillStyle = look.paper
    context.fillRect(0, 0, width, height)
    context.globalAlpha = 1
  })
  if (isBare) return
  shown(context, area('merged'), () => {
    context.globalAlpha = 0.5
    context.drawImage(image, 0, 0, width, height)
    context.globalAlpha = 1
  })
  shown(context, area('kept'), () => context.drawImage(image, 0, 0, width, height))
  if (fates.every((fate) => fate === 'kept')) return
  outline(
    context,
    boxes.filter((_, at) => fates[at] === 'kept'),
    look,
    3 / scale,
  )
  dots(
    context,
    boxes.filter((_, at) => fates[at] === 'merged'),
    look,
  )
}

function pathOf(boxes: readonly PatchBox[]): Path2D {
  const path = new Path2D()
  for (const { left, top, width, height } of boxes) path.rect(left, top, width, height)
  return path
}

function shown(context: CanvasRenderingContext2D, area: Path2D | undefined, draw: () => void): void {
  context.save()
  if (area) context.clip(area)
  draw()
  context.restore()
}

/** Lines from edge to edge behind the picture: they are seen where nothing lies over them. */
function hatch(
  context: CanvasRenderingContext2D,
  { width, height, step, look }: { width: number; height: number; step: number; look: Look },
): void {
  context.fillStyle = look.paper
  context.fillRect(0, 0, width, height)
  context.beginPath()
  for (let at = -height; at < width; at += step) {
    context.moveTo(at, height)
    context.lineTo(at + height, 0)
  }
  context.strokeStyle = look.line
  context.lineWidth = step / 6
  context.stroke()
}

/** Around regions, not around each patch: an edge between two that are kept is none. */
function outline(
  context: CanvasRenderingContext2D,
  boxes: readonly PatchBox[],
  { accent }: Look,
  thickness: number,
): void {
  const edges = new Set<string>()
  const toggle = (...ends: number[]) => {
    const name = ends.map((end) => Math.round(end * 8) / 8).join(' ')
    if (!edges.delete(name)) edges.add(name)
  }
  for (const { left, top, width, height } of boxes) {
    const [right, bottom] = [left + width, top + height]
    toggle(left, top, right, top)
    toggle(left, bottom, right, bottom)
    toggle(left, top, left, bottom)
    toggle(right, top, right, bottom)
  }
  context.beginPath()
  for (const edge of edges) {
    const [x1, y1, x2, y2] = edge.split(' ').map(Number)
    context.moveTo(x1, y1)
    context.lineTo(x2, y2)
  }
  context.strokeStyle = accent
  context.lineWidth = thickness
  context.lineCap = 'square'
  context.stroke()
}

function dots(context: CanvasRenderingContext2D, boxes: readonly PatchBox[], { accent }: Look): void {
  context.fillStyle = accent
  for (const { left, top, width, height } of boxes) {
    context.beginPath()
    context.arc(left + width / 2, top + height / 2, Math.min(width, height) / 9, 0, 7)
    context.fill()
  }
}
