import { corners, isRound, RING_HOLE, strokeWidth } from '../geometry.ts'
import type { SceneObject } from '../scene.ts'
import { type Canvas2D, css } from './context.ts'

/** Traces the outline so that a line of the object's stroke width stays inside its box. */
function tracePath(object: SceneObject, ctx: Canvas2D): void {
  const { x, y } = object
  const half = strokeWidth(object) / 2
  const radius = object.radius - half
  ctx.beginPath()
  if (!isRound(object.shape)) {
    for (const [i, [px, py]] of corners(object, radius).entries()) i === 0 ? ctx.moveTo(px, py) : ctx.lineTo(px, py)
    ctx.closePath()
    return
  }
  ctx.moveTo(x + radius, y)
  ctx.arc(x, y, radius, 0, 2 * Math.PI)
  if (object.shape !== 'ring') return
  const hole = RING_HOLE * object.radius + half
  ctx.moveTo(x + hole, y)
  ctx.arc(x, y, hole, 2 * Math.PI, 0, true)
}

/** Diagonal stripes as wide as the gaps between them, at least 3 pixels. */
function drawStripes(object: SceneObject, ctx: Canvas2D): void {
  const { x, y, radius } = object
  const pitch = Math.max(6, radius * 0.44)
  const reach = radius * 1.6
  ctx.save()
  ctx.clip()
  ctx.lineWidth = pitch / 2
  ctx.beginPath()
  for (let offset = -reach; offset <= reach; offset += pitch) {
    ctx.moveTo(x + offset - reach, y + reach)
    ctx.lineTo(x + offset + reach, y - reach)
  }
  ctx.stroke()
  ctx.restore()
}

export function drawObject(object: SceneObject, ctx: Canvas2D): void {
  tracePath(object, ctx)
  ctx.fillStyle = css(object.rgb)
  if (object.fill === 'solid') {
    ctx.fill()
    return
  }
  ctx.strokeStyle = css(object.rgb)
  ctx.lineJoin = 'round'
  if (object.fill === 'striped') {
    drawStripes(object, ctx)
    tracePath(object, ctx)
  }
  ctx.lineWidth = strokeWidth(object)
  ctx.stroke()
}
