import { advance, FONTS, textWidth } from './fonts.ts'
import type { Box, TextRun } from './scene.ts'

/** The cell of every letter of a run: its advance wide, from baseline to cap height. */
export function letterBoxes(run: TextRun): { character: string; box: Box }[] {
  const top = run.baseline - (FONTS[run.font].capHeight * run.em) / 1000
  let x = run.x
  return [...run.text].map((character) => {
    const left = x
    x += advance(run.font, character, run.em)
    return { character, box: [left, top, x, run.baseline] as const }
  })
}

/** The box around all letters of a run. */
export function runBox(run: TextRun): Box {
  const top = run.baseline - (FONTS[run.font].capHeight * run.em) / 1000
  return [run.x, top, run.x + textWidth(run.font, run.text, run.em), run.baseline]
}
