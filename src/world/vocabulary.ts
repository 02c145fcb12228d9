/** Red, green, blue, each 0-255. */
export type Rgb = readonly [number, number, number]

export const SHAPES = ['circle', 'square', 'triangle', 'star', 'cross', 'ring', 'diamond', 'heart'] as const
export type Shape = (typeof SHAPES)[number]

export const COLORS = [
  'red',
  'green',
  'blue',
  'yellow',
  'orange',
  'purple',
  'pink',
  'brown',
  'black',
  'white',
  'gray',
  'cyan',
] as const
export type Color = (typeof COLORS)[number]

export const SIZES = ['small', 'medium', 'large'] as const
export type Size = (typeof SIZES)[number]

export const FILLS = ['solid', 'striped', 'outlined'] as const
export type Fill = (typeof FILLS)[number]

/** Characters that scenes write; the label of a character is its position here plus one. */
export const CHARACTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789'

/** The reference value of every colour name; drawn colours stay within a small jitter of it. */
export const COLOR_RGB: Readonly<Record<Color, Rgb>> = {
  red: [220, 38, 38],
  green: [38, 155, 60],
  blue: [38, 80, 220],
  yellow: [246, 218, 46],
  orange: [246, 132, 28],
  purple: [128, 46, 172],
  pink: [246, 142, 192],
  brown: [122, 72, 38],
  black: [18, 18, 18],
  white: [250, 250, 250],
  gray: [132, 132, 132],
  cyan: [46, 206, 222],
}

/** Radius as a fraction of the canvas side; 8 % jitter keeps the three classes apart. */
export const SIZE_RADIUS: Readonly<Record<Size, number>> = { small: 0.07, medium: 0.11, large: 0.16 }

/** The plural of a shape's name or of "object". */
export function plural(noun: string): string {
  return noun.endsWith('s') ? `${noun}es` : `${noun}s`
}

/** The noun phrase with its indefinite article. */
export function withArticle(phrase: string): string {
  return `${/^[aeiou]/.test(phrase) ? 'an' : 'a'} ${phrase}`
}
