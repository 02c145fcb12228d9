/** Maps (x, y) to (a x + c y + e, b x + d y + f), as in SVG. */
export type Matrix = readonly [a: number, b: number, c: number, d: number, e: number, f: number]

export const IDENTITY: Matrix = [1, 0, 0, 1, 0, 0]

/** First `second`, then `first`. */
export function multiply(first: Matrix, second: Matrix): Matrix {
  const [a, b, c, d, e, f] = first
  const [g, h, i, j, k, l] = second
  return [a * g + c * h, b * g + d * h, a * i + c * j, b * i + d * j, a * k + c * l + e, b * k + d * l + f]
}

export const translation = (x: number, y: number): Matrix => [1, 0, 0, 1, x, y]
export const scaling = (x: number, y = x): Matrix => [x, 0, 0, y, 0, 0]

/** A turn by an angle in radians, clockwise on a canvas. */
export function rotation(angle: number): Matrix {
  const [cos, sin] = [Math.cos(angle), Math.sin(angle)]
  return [cos, sin, -sin, cos, 0, 0]
}

/** The way back; the matrix must not flatten the plane. */
export function inverse([a, b, c, d, e, f]: Matrix): Matrix {
  const area = a * d - b * c
  return [d / area, -b / area, -c / area, a / area, (c * f - d * e) / area, (b * e - a * f) / area]
}

type Maker = (...values: number[]) => Matrix
const MAKERS: Readonly<Record<string, Maker>> = {
  matrix: (a, b, c, d, e, f) => [a, b, c, d, e, f],
  translate: (x, y = 0) => translation(x, y),
  scale: (x, y = x) => scaling(x, y),
  rotate: (degrees, x = 0, y = 0) =>
    multiply(multiply(translation(x, y), rotation((degrees * Math.PI) / 180)), translation(-x, -y)),
}

/** Reads an SVG `transform`; undefined where it holds anything else than matrix, translate, scale and rotate. */
export function parseTransform(text: string): Matrix | undefined {
  let matrix = IDENTITY
  for (const [, name, inside] of text.matchAll(/(\w+)\s*\(([^)]*)\)/g)) {
    const make = MAKERS[name]
    if (!make) return undefined
    matrix = multiply(matrix, make(...(inside.match(/[-+]?(?:\d*\.\d+|\d+\.?)(?:e[-+]?\d+)?/gi) ?? []).map(Number)))
  }
  return matrix
}
