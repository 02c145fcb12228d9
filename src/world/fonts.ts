import { CHARACTERS } from './vocabulary.ts'

/** What a scene needs to know of a font to place letters without a canvas. Lengths are in thousandths of an em. */
export interface FontMetrics {
  /** Family name to register the file under. */
  family: string
  /** File in `fonts/`, from the @fontsource packages, under the SIL Open Font License. */
  file: string
  capHeight: number
  /** Advance of every character of `CHARACTERS`, in its order. */
  advances: readonly number[]
}

export const FONTS = {
  'open-sans': {
    family: 'Fovea Open Sans',
    file: 'open-sans-700.woff',
    capHeight: 719,
    advances: [
      690, 672, 637, 740, 560, 549, 724, 765, 331, 331, 664, 565, 943, 813, 796, 628, 796, 660, 551, 579, 756, 650, 967,
      667, 624, 579, 572, 572, 572, 572, 572, 572, 572, 572, 572, 572,
    ],
  },
  'roboto-mono': {
    family: 'Fovea Roboto Mono',
    file: 'roboto-mono-700.woff2',
    capHeight: 719,
    advances: [
      600, 600, 600, 600, 600, 600, 600, 600, 600, 600, 600, 600, 600, 600, 600, 600, 600, 600, 600, 600, 600, 600, 600,
      600, 600, 600, 600, 600, 600, 600, 600, 600, 600, 600, 600, 600,
    ],
  },
  lora: {
    family: 'Fovea Lora',
    file: 'lora-700.woff2',
    capHeight: 703,
    advances: [
      668, 661, 688, 759, 624, 571, 754, 807, 387, 451, 712, 604, 972, 773, 769, 639, 770, 686, 598, 650, 760, 708,
      1016, 699, 667, 604, 636, 406, 533, 560, 547, 540, 575, 469, 572, 576,
    ],
  },
  'bebas-neue': {
    family: 'Fovea Bebas Neue',
    file: 'bebas-neue-400.woff',
    capHeight: 703,
    advances: [
      401, 404, 383, 406, 363, 344, 391, 420, 192, 265, 414, 344, 538, 427, 400, 386, 400, 403, 372, 364, 402, 382, 557,
      406, 394, 362, 400, 400, 400, 400, 400, 400, 400, 400, 400, 400,
    ],
  },
  'patrick-hand': {
    family: 'Fovea Patrick Hand',
    file: 'patrick-hand-400.woff',
    capHeight: 672,
    advances: [
      488, 507, 548, 475, 442, 375, 480, 468, 235, 370, 523, 372, 595, 532, 556, 481, 655, 454, 459, 468, 550, 562, 616,
      601, 442, 507, 448, 363, 468, 448, 375, 423, 399, 495, 433, 367,
    ],
  },
} as const satisfies Record<string, FontMetrics>

export type FontId = keyof typeof FONTS
export const FONT_IDS = Object.keys(FONTS) as FontId[]

/** Font size at which capitals have the given height. */
export function emForCapHeight(font: FontId, capHeight: number): number {
  return (capHeight * 1000) / FONTS[font].capHeight
}

/** Advance of one character in pixels. */
export function advance(font: FontId, character: string, em: number): number {
  const index = CHARACTERS.indexOf(character)
  if (index < 0) throw new RangeError(`Fonts carry no advance for "${character}"; scenes write only A-Z and 0-9`)
  return (FONTS[font].advances[index] * em) / 1000
}

/** Width of a text in pixels, without kerning. */
export function textWidth(font: FontId, text: string, em: number): number {
  let width = 0
  for (const character of text) width += advance(font, character, em)
  return width
}
