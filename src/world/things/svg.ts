import type { FillRule } from '../raster/coverage.ts'
import { IDENTITY, type Matrix, multiply, parseTransform } from '../raster/matrix.ts'
import type { Paint } from '../raster/paint.ts'
import { parsePath, type SubPath } from '../raster/path.ts'
import { ellipse, type Polygon, rectangle, strokeOf, transformed } from '../raster/polygon.ts'
import { type Attributes, readAttributes } from './attributes.ts'
import { type Gradients, paintNamed, readGradients } from './gradients.ts'

/** One painted area of an icon, in the icon's own units. */
export interface Layer {
  readonly polygons: readonly Polygon[]
  readonly rule: FillRule
  readonly paint: Paint
}

/** What a group hands down to its members. */
interface Inherited {
  readonly matrix: Matrix
  readonly opacity: number
  readonly attributes: Attributes
}

const PASSED_ON = ['fill', 'stroke', 'stroke-width', 'fill-rule', 'fill-opacity']
const SILENT = new Set(['defs', 'linearGradient', 'radialGradient', 'stop'])

const number = (attributes: Attributes, name: string, otherwise = 0): number =>
  attributes[name] === undefined ? otherwise : Number.parseFloat(attributes[name])

function subPathsOf(tag: string, attributes: Attributes): SubPath[] {
  const of = (name: string) => number(attributes, name)
  const closed = (points: Polygon): SubPath[] => [{ points, closed: true }]
  if (tag === 'path') return parsePath(attributes.d ?? '')
  if (tag === 'circle') return closed(ellipse(of('cx'), of('cy'), of('r')))
  if (tag === 'ellipse') return closed(ellipse(of('cx'), of('cy'), of('rx'), of('ry')))
  if (tag !== 'rect') throw new RangeError(`SVG element <${tag}> is not drawn`)
  return closed(rectangle(of('x'), of('y'), of('x') + of('width'), of('y') + of('height')))
}

function descend(parent: Inherited, own: Attributes): Inherited {
  const matrix = own.transform === undefined ? IDENTITY : parseTransform(own.transform)
  if (!matrix || own['clip-path'] || own.filter || own.mask) throw new RangeError('an SVG effect is not drawn')
  const passed = Object.fromEntries(
    PASSED_ON.filter((name) => own[name] !== undefined).map((name) => [name, own[name]]),
  )
  return {
    matrix: multiply(parent.matrix, matrix),
    opacity: parent.opacity * number(own, 'opacity', 1),
    attributes: { ...parent.attributes, ...passed },
  }
}

/** The filled area and the stroke of one element. */
function layersOf(tag: string, own: Attributes, parent: Inherited, gradients: Gradients): Layer[] {
  const { matrix, opacity, attributes } = descend(parent, own)
  const paths = subPathsOf(tag, own)
  const layers: Layer[] = []
  const add = (name: string, polygons: Polygon[], rule: FillRule, alpha: number) => {
    const paint = paintNamed(name, gradients, matrix, alpha)
    if (paint) layers.push({ polygons: polygons.map((polygon) => transformed(polygon, matrix)), rule, paint })
  }
  const rule = attributes['fill-rule'] === 'evenodd' ? 'evenodd' : 'nonzero'
  const alpha = opacity * number(attributes, 'fill-opacity', 1)
  add(
    attributes.fill ?? '#000',
    paths.map(({ points }) => points),
    rule,
    alpha,
  )
  const width = number(attributes, 'stroke-width', 1)
  const strokes = (attributes.stroke ?? 'none') === 'none' ? [] : paths
  if (strokes.length > 0) {
    add(
      attributes.stroke,
      strokes.flatMap(({ points, closed }) => strokeOf(points, width, closed)),
      'nonzero',
      opacity,
    )
  }
  return layers
}

/**
 * The painted areas of an SVG body that holds paths, circles, ellipses, rectangles, groups and gradients. Throws
 * RangeError for anything else: clips, masks, filters and copies.
 */
export function readSvg(body: string): Layer[] {
  const gradients = readGradients(body)
  const groups: Inherited[] = [{ matrix: IDENTITY, opacity: 1, attributes: {} }]
  const layers: Layer[] = []
  for (const [, closing, tag, inside, empty] of body.matchAll(/<(\/?)(\w+)([^>]*?)(\/?)>/g)) {
    if (SILENT.has(tag)) continue
    if (tag === 'g' && closing) groups.pop()
    else if (tag === 'g' && !empty) groups.push(descend(groups.at(-1)!, readAttributes(inside)))
    else if (!closing && tag !== 'g') layers.push(...layersOf(tag, readAttributes(inside), groups.at(-1)!, gradients))
  }
  return layers
}
