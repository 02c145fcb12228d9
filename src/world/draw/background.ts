import type { Background } from '../scene.ts'
import { type Canvas2D, css } from './context.ts'

function fillGradient(background: Background, size: number, ctx: Canvas2D): void {
  const [dx, dy] = [(Math.cos(background.angle) * size) / 2, (Math.sin(background.angle) * size) / 2]
  const middle = size / 2
  const gradient = ctx.createLinearGradient(middle - dx, middle - dy, middle + dx, middle + dy)
  gradient.addColorStop(0, css(background.from))
  gradient.addColorStop(1, css(background.to))
  ctx.fillStyle = gradient
  ctx.fillRect(0, 0, size, size)
}

function drawDots({ pitch }: Background, size: number, ctx: Canvas2D): void {
  ctx.beginPath()
  for (let y = pitch / 2; y < size; y += pitch) {
    for (let x = pitch / 2; x < size; x += pitch) {
      const radius = pitch * 0.22
      ctx.moveTo(x + radius, y)
      ctx.arc(x, y, radius, 0, 2 * Math.PI)
    }
  }
  ctx.fill()
}

function drawLines({ angle, pitch }: Background, size: number, ctx: Canvas2D): void {
  const [dx, dy] = [Math.cos(angle), Math.sin(angle)]
  const reach = size
  ctx.lineWidth = pitch * 0.3
  ctx.beginPath()
  for (let offset = -size; offset < size; offset += pitch) {
    const [x, y] = [size / 2 - dy * offset, size / 2 + dx * offset]
    ctx.moveTo(x - dx * reach, y - dy * reach)
    ctx.lineTo(x + dx * reach, y + dy * reach)
  }
  ctx.stroke()
}

function drawChecks({ pitch }: Background, size: number, ctx: Canvas2D): void {
  for (let row = 0; row * pitch < size; row++) {
    for (let column = row % 2; column * pitch < size; column += 2) {
      ctx.fillRect(column * pitch, row * pitch, pitch, pitch)
    }
  }
}

/** Covers the canvas. */
export function drawBackground(background: Background, size: number, ctx: Canvas2D): void {
  if (background.style === 'gradient') {
    fillGradient(background, size, ctx)
    return
  }
  ctx.fillStyle = css(background.from)
  ctx.fillRect(0, 0, size, size)
  ctx.fillStyle = css(background.to)
  ctx.strokeStyle = css(background.to)
  if (background.style === 'dots') drawDots(background, size, ctx)
  if (background.style === 'lines') drawLines(background, size, ctx)
  if (background.style === 'checks') drawChecks(background, size, ctx)
}
