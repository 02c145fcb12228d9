import type { Chart, Grid } from '../scene.ts'
import { CHART_TOP } from '../scenes/chart.ts'
import { type Canvas2D, css } from './context.ts'
import { drawText } from './text.ts'

/** Rules at every second value, short ticks at every value, bars, labels. */
export function drawChart(chart: Chart, ctx: Canvas2D): void {
  const [left, top, right, bottom] = chart.plot
  const [r, g, b] = chart.ink
  for (let value = 0; value <= CHART_TOP; value++) {
    const y = bottom - (value / CHART_TOP) * (bottom - top)
    ctx.fillStyle = `rgba(${r},${g},${b},${value % 2 === 0 ? 0.3 : 0.14})`
    ctx.fillRect(left, y - 0.5, right - left, 1)
    ctx.fillStyle = css(chart.ink)
    ctx.fillRect(left - 3, y - 0.5, 3, 1)
  }
  for (const { box, rgb } of chart.bars) {
    ctx.fillStyle = css(rgb)
    ctx.fillRect(box[0], box[1], box[2] - box[0], box[3] - box[1])
  }
  ctx.fillStyle = css(chart.ink)
  ctx.fillRect(left - 0.5, top, 1.5, bottom - top)
  ctx.fillRect(left, bottom - 0.5, right - left, 1.5)
  for (const tick of chart.ticks) drawText(tick, ctx)
  for (const bar of chart.bars) drawText(bar.label, ctx)
}

/** The rules of a grid; its objects are drawn as all objects are. */
export function drawRules({ rows, columns, left, top, cell, ink }: Grid, ctx: Canvas2D): void {
  ctx.fillStyle = css(ink)
  for (let row = 0; row <= rows; row++) ctx.fillRect(left - 0.75, top + row * cell - 0.75, columns * cell + 1.5, 1.5)
  for (let column = 0; column <= columns; column++) {
    ctx.fillRect(left + column * cell - 0.75, top - 0.75, 1.5, rows * cell + 1.5)
  }
}
