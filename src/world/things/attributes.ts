import type { Rgb } from '../vocabulary.ts'

export type Attributes = Readonly<Record<string, string>>

/** The attributes of a tag. */
export function readAttributes(text: string): Attributes {
  return Object.fromEntries([...text.matchAll(/([\w:-]+)\s*=\s*"([^"]*)"/g)].map(([, name, value]) => [name, value]))
}

/** A colour written as #rgb, #rrggbb or by one of the few names that the icons use. */
export function readColor(text: string): Rgb {
  const named = { black: '#000', white: '#fff', gray: '#808080', red: '#f00', currentColor: '#000' }[text] ?? text
  const short = named.match(/^#(.)(.)(.)$/)
  const digits = short ? short.slice(1).map((digit) => digit + digit) : named.match(/^#(..)(..)(..)/)?.slice(1)
  const rgb = digits?.map((pair) => Number.parseInt(pair, 16))
  if (!rgb || rgb.some(Number.isNaN)) throw new RangeError(`SVG colour "${text}" is not known`)
  return rgb as unknown as Rgb
}
