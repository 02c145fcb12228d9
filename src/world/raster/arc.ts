type Point = readonly [number, number]

/** Largest turn of one piece of an arc, in radians. */
const PIECE = Math.PI / 24

/**
 * Points along an SVG arc from `start`, its end last, by the endpoint-to-centre conversion of SVG 2, appendix B.2.4.
 * `values`: rx, ry, rotation in degrees, large-arc flag, sweep flag, x, y.
 */
export function arcPoints([x0, y0]: Point, [rxIn, ryIn, degrees, large, sweep, x, y]: readonly number[]): Point[] {
  let [rx, ry] = [Math.abs(rxIn), Math.abs(ryIn)]
  if (rx === 0 || ry === 0 || (x0 === x && y0 === y)) return [[x, y]]
  const phi = (degrees * Math.PI) / 180
  const [cos, sin] = [Math.cos(phi), Math.sin(phi)]
  const [hx, hy] = [(x0 - x) / 2, (y0 - y) / 2]
  const [px, py] = [cos * hx + sin * hy, cos * hy - sin * hx]
  const stretch = Math.sqrt((px * px) / (rx * rx) + (py * py) / (ry * ry))
  if (stretch > 1) [rx, ry] = [rx * stretch, ry * stretch]
  const [a, b] = [rx * rx * py * py, ry * ry * px * px]
  const root = Math.sqrt(Math.max(0, (rx * rx * ry * ry - a - b) / (a + b))) * (large === sweep ? -1 : 1)
  const [cx, cy] = [(root * rx * py) / ry, (-root * ry * px) / rx]
  const start = Math.atan2((py - cy) / ry, (px - cx) / rx)
  let turn = Math.atan2((-py - cy) / ry, (-px - cx) / rx) - start
  if (sweep && turn < 0) turn += 2 * Math.PI
  if (!sweep && turn > 0) turn -= 2 * Math.PI
  const pieces = Math.max(1, Math.ceil(Math.abs(turn) / PIECE))
  return Array.from({ length: pieces }, (_, i): Point => {
    if (i === pieces - 1) return [x, y]
    const angle = start + (turn * (i + 1)) / pieces
    const [ex, ey] = [cx + rx * Math.cos(angle), cy + ry * Math.sin(angle)]
    return [cos * ex - sin * ey + (x0 + x) / 2, sin * ex + cos * ey + (y0 + y) / 2]
  })
}
