import type { Color } from '../vocabulary.ts'
import type { Art } from './art.ts'
import { TRAINED_VENDORS, type Vendor } from './table.ts'

/** Colours whose words leave no doubt on drawings; the borders of orange, brown and cyan are a matter of taste. */
const CLEAR: readonly Color[] = ['red', 'green', 'yellow', 'blue', 'pink', 'purple', 'white', 'gray']

/** The colour word of an untinted thing that this vendor and all trained ones give it. */
export function fairColor(art: Art, vendor: Vendor, name: string): Color | undefined {
  const { color } = art.icon(vendor, name)
  if (color === undefined || !CLEAR.includes(color)) return undefined
  const others = TRAINED_VENDORS.filter((other) => art.vendors.includes(other))
  return others.every((other) => art.icon(other, name).color === color) ? color : undefined
}
