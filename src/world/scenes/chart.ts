import { contrastingColors, isDark, jitteredRgb } from '../background.ts'
import { emForCapHeight, type FontId, textWidth } from '../fonts.ts'
import { round2 } from '../geometry.ts'
import type { Rng } from '../rng.ts'
import type { Background, Bar, Box, Chart, TextRun } from '../scene.ts'
import type { Color, Rgb } from '../vocabulary.ts'
import { BAR_NAMES } from '../words.ts'

/** Largest value of the axis. */
export const CHART_TOP = 10

const FONTS_WITH_LINING_FIGURES: FontId[] = ['open-sans', 'roboto-mono', 'bebas-neue', 'patrick-hand']

function centredRun(text: string, font: FontId, em: number, middle: number, baseline: number, rgb: Rgb): TextRun {
  const x = round2(middle - textWidth(font, text, em) / 2)
  return { text, font, em: round2(em), x, baseline: round2(baseline), rgb }
}

/** Letters from A on, letters in any order, or short names. */
function pickLabels(count: number, rng: Rng): string[] {
  const style = rng.weighted({ ordered: 40, letters: 30, names: count <= 4 ? 40 : 0 })
  if (style === 'names') return rng.shuffle(BAR_NAMES).slice(0, count)
  const letters = [...'ABCDEFGHIJKLMNOPQRSTUVWXYZ']
  return (style === 'ordered' ? letters : rng.shuffle(letters)).slice(0, count)
}

/** A font in which the widest label fits under its bar, the condensed one if none does. */
function fittingFont(labels: readonly string[], capHeight: number, width: number, rng: Rng): FontId {
  const fits = (font: FontId) =>
    labels.every((label) => textWidth(font, label, emForCapHeight(font, capHeight)) <= width)
  return rng.shuffle(FONTS_WITH_LINING_FIGURES).find(fits) ?? 'bebas-neue'
}

/** Numbers 0, 2, ..., 10 right-aligned at the axis. */
function makeTicks(plot: Box, canvas: number, ink: Rgb): TextRun[] {
  const capHeight = canvas / 17
  const em = emForCapHeight('open-sans', capHeight)
  return [0, 2, 4, 6, 8, 10].map((value) => {
    const y = plot[3] - (value / CHART_TOP) * (plot[3] - plot[1])
    const x = plot[0] - 0.025 * canvas - textWidth('open-sans', String(value), em)
    const baseline = y + capHeight / 2
    const run = { text: String(value), font: 'open-sans' as const, em: round2(em), rgb: ink }
    return { ...run, x: round2(x), baseline: round2(baseline) }
  })
}

/** All bars in one colour or each in its own. */
function pickBarColors(count: number, background: Background, rng: Rng): Color[] {
  const colors = rng.shuffle(contrastingColors(background))
  return rng.chance(0.5) ? colors.slice(0, count) : Array.from({ length: count }, () => colors[0])
}

/** A chart of 3 to 5 bars with integer values on a 0-10 axis. */
export function makeChart(background: Background, canvas: number, rng: Rng): Chart {
  const count = rng.int(3, 5)
  const plot: Box = [0.15 * canvas, 0.06 * canvas, 0.97 * canvas, 0.84 * canvas].map(round2) as unknown as Box
  const ink: Rgb = isDark(background) ? [236, 236, 236] : [28, 28, 28]
  const slot = (plot[2] - plot[0]) / count
  const width = slot * rng.float(0.5, 0.72)
  const labels = pickLabels(count, rng)
  const capHeight = canvas / 11.5
  const font = fittingFont(labels, capHeight, 0.94 * slot, rng)
  const colors = pickBarColors(count, background, rng)
  const bars = labels.map((label, i): Bar => {
    const middle = plot[0] + (i + 0.5) * slot
    const value = rng.int(0, CHART_TOP)
    const top = plot[3] - (value / CHART_TOP) * (plot[3] - plot[1])
    const box = [middle - width / 2, top, middle + width / 2, plot[3]].map(round2) as unknown as Box
    const run = centredRun(label, font, emForCapHeight(font, capHeight), middle, 0.965 * canvas, ink)
    return { label: run, value, color: colors[i], rgb: jitteredRgb(colors[i], rng), box }
  })
  return { bars, ticks: makeTicks(plot, canvas, ink), plot, ink }
}
