import { createRequire } from 'node:module'
import { loadImage } from '@napi-rs/canvas'
import { describe, expect, test } from 'vitest'
import { ART_VERSIONS, loadArt, nodeArt } from '../../../src/world/node-art.ts'
import { createWorldCanvas } from '../../../src/world/node-canvas.ts'
import { cover } from '../../../src/world/raster/coverage.ts'
import { scaling } from '../../../src/world/raster/matrix.ts'
import { transformed } from '../../../src/world/raster/polygon.ts'
import { createSurface, paintOver } from '../../../src/world/raster/surface.ts'
import { createArt } from '../../../src/world/things/art.ts'
import { fairColor } from '../../../src/world/things/fair-color.ts'
import { THINGS, thingsOf, VENDORS, type Vendor } from '../../../src/world/things/table.ts'

const require = createRequire(import.meta.url)
const art = nodeArt()
const SIDE = 64
const UNITS: Record<Vendor, number> = { noto: 128, 'fluent-emoji-flat': 32, fxemoji: 512 }

function drawIcon(vendor: Vendor, name: string): Uint8ClampedArray {
  const surface = createSurface(SIDE)
  const matrix = scaling(SIDE / UNITS[vendor])
  for (const { polygons, rule, paint } of art.icon(vendor, name).layers) {
    const area = cover(
      polygons.map((polygon) => transformed(polygon, matrix)),
      rule,
      SIDE,
    )
    if (area) paintOver(surface, area, paint, matrix)
  }
  return surface.data
}

/** The same icon as the SVG renderer of Skia draws it. */
async function drawBySkia(vendor: Vendor, name: string): Promise<Uint8ClampedArray> {
  const set = require(`@iconify-json/${vendor}/icons.json`)
  const body = set.icons[THINGS.find((thing) => thing.name === name)!.icons[vendor]!].body
  const head = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${UNITS[vendor]} ${UNITS[vendor]}" width="256" height="256">`
  const canvas = createWorldCanvas(SIDE)
  const ctx = canvas.getContext('2d')
  ctx.fillStyle = 'white'
  ctx.fillRect(0, 0, SIDE, SIDE)
  ctx.drawImage(await loadImage(Buffer.from(`${head}${body}</svg>`)), 0, 0, SIDE, SIDE)
  return ctx.getImageData(0, 0, SIDE, SIDE).data
}

describe('the art of three vendors', () => {
  test.each(VENDORS)('every thing of %s is read', (vendor) => {
    for (const { name } of thingsOf(vendor)) {
      const { layers, box } = art.icon(vendor, name)
      expect(layers.length).toBeGreaterThan(0)
      expect(Math.max(...box) - Math.min(...box)).toBeLessThan(1.3 * UNITS[vendor])
    }
  })

  test.each(VENDORS)('%s looks as another renderer draws it', async (vendor) => {
    const things = thingsOf(vendor).filter((_, i) => i % 9 === 0)
    for (const { name } of things) {
      const [ours, theirs] = [drawIcon(vendor, name), await drawBySkia(vendor, name)]
      const difference = ours.reduce((sum, value, i) => sum + Math.abs(value - theirs[i]), 0) / ours.length
      expect(difference, name).toBeLessThan(4)
    }
  })

  test('a colour is said where all trained vendors agree', () => {
    expect(fairColor(art, 'noto', 'tomato')).toBe('red')
    expect(fairColor(art, 'fluent-emoji-flat', 'frog')).toBeUndefined()
    expect(fairColor(art, 'noto', 'dog')).toBeUndefined()
  })
})

describe('what is missing', () => {
  test('no packages: says what to install', () => {
    const none = createRequire('/nowhere/else.js')
    expect(() => loadArt(none)).toThrow(/npm install .*@iconify-json\/noto@1\.2\.9 .*fxemoji@1\.2\.2$/)
  })

  test('another version: names both', () => {
    const load = (path: string) => (path.endsWith('package.json') ? { version: '9.0.0' } : { icons: {} })
    expect(() => loadArt(load)).toThrow(/drawn with @iconify-json\/noto 1\.2\.9, but 9\.0\.0 is installed/)
  })

  test('the versions are those of package.json', () => {
    const { devDependencies } = require('../../../package.json')
    for (const vendor of VENDORS) expect(devDependencies[`@iconify-json/${vendor}`]).toBe(ART_VERSIONS[vendor])
  })

  test('a name without a glyph', () => {
    expect(() => art.icon('fxemoji', 'zebra')).toThrow('Cannot draw a zebra of fxemoji: this vendor draws none')
    expect(() => createArt({ noto: { icons: {} } }).icon('noto', 'dog')).toThrow(/the package has no icon "dog"/)
    expect(() => createArt({}).icon('noto', 'dog')).toThrow(/its icons were not loaded/)
    const masked = createArt({ noto: { icons: { dog: { body: '<path mask="url(#a)" d="M0 0h9v9z"/>' } } } })
    expect(() => masked.icon('noto', 'dog')).toThrow(/an SVG effect is not drawn/)
  })
})
