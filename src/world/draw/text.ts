import { FONTS } from '../fonts.ts'
import type { TextRun } from '../scene.ts'
import { letterBoxes } from '../text-runs.ts'
import { type Canvas2D, css } from './context.ts'

/** Sets the letters one by one, so that their boxes are those of `letterBoxes` whatever the canvas does about kerning. */
export function drawText(run: TextRun, ctx: Canvas2D): void {
  ctx.font = `${run.em}px "${FONTS[run.font].family}"`
  ctx.textBaseline = 'alphabetic'
  ctx.fillStyle = css(run.rgb)
  for (const { character, box } of letterBoxes(run)) ctx.fillText(character, box[0], run.baseline)
}
