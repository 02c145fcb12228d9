import { FoveaError } from '../../errors.ts'
import { extentOf } from '../raster/polygon.ts'
import type { Box } from '../scene-object.ts'
import type { Color } from '../vocabulary.ts'
import { mainColor } from './main-color.ts'
import { type Layer, readSvg } from './svg.ts'
import { thingNamed, VENDORS, type Vendor } from './table.ts'

/** Icons in the form of the @iconify-json packages. */
export interface IconSet {
  readonly icons: Readonly<Record<string, { readonly body: string }>>
}

/** One drawing of a thing. */
export interface Icon {
  readonly layers: readonly Layer[]
  /** Around all of it, in its own units. */
  readonly box: Box
  /** The colour that most of it has, where there is one. */
  readonly color?: Color
}

/** Drawings of things by several vendors. */
export interface Art {
  readonly vendors: readonly Vendor[]
  /** Throws FoveaError kind `input` `world-glyph` where the vendor draws no such thing, or in a way that is not read. */
  icon(vendor: Vendor, name: string): Icon
}

function readIcon(set: IconSet | undefined, vendor: Vendor, name: string): Icon {
  const fail = (why: string): never => {
    throw new FoveaError('world-glyph', 'input', `Cannot draw a ${name} of ${vendor}: ${why}`)
  }
  const icon = thingNamed(name).icons[vendor]
  if (!set) return fail(`its icons were not loaded`)
  if (icon === undefined) return fail('this vendor draws none; ask for things of another vendor')
  const body = set.icons[icon]?.body
  if (body === undefined) return fail(`the package has no icon "${icon}"; install the version that Fovea names`)
  try {
    const layers = readSvg(body)
    return { layers, box: extentOf(layers.flatMap(({ polygons }) => polygons)), color: mainColor(layers) }
  } catch (error) {
    if (error instanceof RangeError) return fail(error.message)
    throw error
  }
}

/** Reads drawings when they are first needed. */
export function createArt(sets: Readonly<Partial<Record<Vendor, IconSet>>>): Art {
  const read = new Map<string, Icon>()
  return {
    vendors: VENDORS.filter((vendor) => sets[vendor] !== undefined),
    icon(vendor, name) {
      const key = `${vendor} ${name}`
      const icon = read.get(key) ?? readIcon(sets[vendor], vendor, name)
      read.set(key, icon)
      return icon
    },
  }
}
