import { FoveaError } from '../../errors.ts'
import { ellipse, rectangle, strokeOf } from '../raster/polygon.ts'
import { createSurface, fill, paintOver, type Surface } from '../raster/surface.ts'
import type { Background, Scene } from '../scene.ts'
import type { Rgb } from '../vocabulary.ts'
import { areasOf, coverArea } from './areas.ts'
import type { Art } from './art.ts'
import { paintBackdrop } from './backdrop.ts'

function paintGradient(surface: Surface, { from, to, angle }: Background): void {
  const size = surface.width
  const [dx, dy] = [Math.cos(angle) / size, Math.sin(angle) / size]
  for (let at = 0; at < size * size; at++) {
    const [x, y] = [(at % size) + 0.5 - size / 2, Math.floor(at / size) + 0.5 - size / 2]
    const share = Math.min(1, Math.max(0, x * dx + y * dy + 0.5))
    for (let c = 0; c < 3; c++) surface.data[4 * at + c] = Math.floor(from[c] + share * (to[c] - from[c]) + 0.5)
  }
}

function paintTexture(surface: Surface, { style, to, angle, pitch }: Background): void {
  const size = surface.width
  const ink = (polygons: Parameters<typeof fill>[1]) => fill(surface, polygons, to as Rgb)
  if (style === 'lines') {
    const [dx, dy] = [Math.cos(angle), Math.sin(angle)]
    for (let offset = -size; offset < size; offset += pitch) {
      const [x, y] = [size / 2 - dy * offset, size / 2 + dx * offset]
      const line = Float64Array.of(x - dx * size, y - dy * size, x + dx * size, y + dy * size)
      ink(strokeOf(line, pitch * 0.3, false))
    }
  }
  for (let row = 0; row * pitch < size; row++) {
    for (let column = 0; column * pitch < size; column++) {
      const [x, y] = [column * pitch, row * pitch]
      if (style === 'dots') ink([ellipse(x + pitch / 2, y + pitch / 2, pitch * 0.22)])
      if (style === 'checks' && (row + column) % 2 === 0) ink([rectangle(x, y, x + pitch, y + pitch)])
    }
  }
}

/** The background of a scene with items: only sums and products, the same on every machine. */
export function paintGround({ size, background, backdrop }: Scene): Surface {
  const surface = createSurface(size, size, background.from)
  if (backdrop) paintBackdrop(surface, backdrop)
  else if (background.style === 'gradient') paintGradient(surface, background)
  else if (background.style !== 'plain') paintTexture(surface, background)
  return surface
}

/** Lays the items of a scene over a surface. Throws FoveaError `world-art` where it shows things and no art is given. */
export function paintItems(surface: Surface, { items = [], size }: Scene, art: Art | undefined): void {
  if (!art && items.some(({ kind }) => kind === 'thing')) {
    throw new FoveaError(
      'world-art',
      'usage',
      'A scene with things is drawn with art: pass what createArt or nodeArt returns',
    )
  }
  for (const item of items) {
    for (const area of areasOf(item, art)) {
      const covered = coverArea(area, size)
      if (covered) paintOver(surface, covered, area.paint, area.matrix)
    }
  }
}
