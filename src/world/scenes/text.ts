import { contrastingColors, jitteredRgb } from '../background.ts'
import { emForCapHeight, FONT_IDS, textWidth } from '../fonts.ts'
import { round2 } from '../geometry.ts'
import type { Rng } from '../rng.ts'
import type { Background, Box, Word } from '../scene.ts'
import { runBox } from '../text-runs.ts'
import { pickWord } from '../words.ts'

/** A word within a horizontal band of the canvas, with capitals at least an eighth of the canvas high. */
function makeWord(text: string, background: Background, canvas: number, band: [number, number], rng: Rng): Word {
  const font = rng.pick(FONT_IDS)
  const color = rng.pick(contrastingColors(background))
  const wanted = canvas * rng.float(0.128, Math.min(0.2, (band[1] - band[0]) / canvas - 0.07))
  const fitting = (0.94 * canvas * wanted) / textWidth(font, text, emForCapHeight(font, wanted))
  const capHeight = Math.min(wanted, fitting)
  const em = round2(emForCapHeight(font, capHeight))
  const x = round2(rng.float(0.02 * canvas, 0.98 * canvas - textWidth(font, text, em)))
  const baseline = round2(rng.float(band[0] + capHeight + 0.02 * canvas, band[1] - 0.045 * canvas))
  return { text, font, em, x, baseline, rgb: jitteredRgb(color, rng), color }
}

/** One to three different words, one below the other. */
export function makeWords(background: Background, canvas: number, rng: Rng): Word[] {
  const count = Number(rng.weighted({ 1: 55, 2: 30, 3: 15 }))
  const texts = new Set<string>()
  while (texts.size < count) texts.add(pickWord(rng))
  const height = canvas / count
  return [...texts].map((text, i) => makeWord(text, background, canvas, [i * height, (i + 1) * height], rng))
}

/** Boxes that objects must not touch: the words with some air around. */
export function wordBoxes(words: readonly Word[], canvas: number): Box[] {
  const air = 0.02 * canvas
  return words.map((word) => {
    const [left, top, right, bottom] = runBox(word)
    return [left - air, top - air, right + air, bottom + air]
  })
}
