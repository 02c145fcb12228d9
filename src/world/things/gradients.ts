import { type Matrix, multiply, parseTransform } from '../raster/matrix.ts'
import type { Paint, Stop } from '../raster/paint.ts'
import { type Attributes, readAttributes, readColor } from './attributes.ts'

/** A gradient in the space of the icon. */
interface Gradient {
  readonly kind: 'linear' | 'radial'
  readonly stops: readonly Stop[]
  readonly matrix: Matrix
}
export type Gradients = ReadonlyMap<string, Gradient>

function readStops(inside: string): Stop[] {
  return [...inside.matchAll(/<stop([^>]*)>/g)].map(([, text]) => {
    const own = readAttributes(text)
    const offset = Number.parseFloat(own.offset ?? '0') / (own.offset?.endsWith('%') ? 100 : 1)
    return { offset, rgb: readColor(own['stop-color'] ?? '#000'), opacity: Number(own['stop-opacity'] ?? 1) }
  })
}

function matrixOf(kind: Gradient['kind'], own: Attributes): Matrix {
  if (own.gradientUnits !== 'userSpaceOnUse') throw new RangeError('a gradient in units of its box is not drawn')
  const of = (name: string) => Number.parseFloat(own[name] ?? '0')
  const [dx, dy] = [of('x2') - of('x1'), of('y2') - of('y1')]
  const base: Matrix =
    kind === 'linear' ? [dx, dy, -dy, dx, of('x1'), of('y1')] : [of('r'), 0, 0, of('r'), of('cx'), of('cy')]
  const moved = own.gradientTransform === undefined ? undefined : parseTransform(own.gradientTransform)
  return moved ? multiply(moved, base) : base
}

/** The gradients of an SVG body by their ids. A radial one spreads from its centre, also where it names a focus. */
export function readGradients(body: string): Gradients {
  const found = new Map<string, { tag: 'linear' | 'radial'; own: Attributes; stops: Stop[] }>()
  for (const [, tag, text, inside = ''] of body.matchAll(
    /<(linear|radial)Gradient([^>]*?)(?:\/>|>(.*?)<\/(?:linear|radial)Gradient>)/gs,
  )) {
    const own = readAttributes(text)
    found.set(own.id, { tag: tag as 'linear' | 'radial', own, stops: readStops(inside) })
  }
  const gradients = new Map<string, Gradient>()
  for (const [id, { tag, own, stops }] of found) {
    const model = found.get((own.href ?? own['xlink:href'] ?? '').slice(1))
    const usable = stops.length > 0 ? stops : (model?.stops ?? [])
    if (usable.length > 0)
      gradients.set(id, { kind: tag, stops: usable, matrix: matrixOf(tag, { ...model?.own, ...own }) })
  }
  return gradients
}

/** What `fill` or `stroke` names; undefined for none. */
export function paintNamed(name: string, gradients: Gradients, matrix: Matrix, opacity: number): Paint | undefined {
  if (name === 'none' || opacity === 0) return undefined
  const id = name.match(/^url\(#(.+)\)$/)?.[1]
  if (id === undefined) return { kind: 'solid', rgb: readColor(name), opacity }
  const gradient = gradients.get(id)
  if (!gradient) throw new RangeError(`SVG gradient "${id}" is missing`)
  return { ...gradient, matrix: multiply(matrix, gradient.matrix), opacity }
}
