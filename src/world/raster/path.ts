import { arcPoints } from './arc.ts'
import type { Polygon } from './polygon.ts'

/** An outline of a path and whether it was closed. */
export interface SubPath {
  readonly points: Polygon
  readonly closed: boolean
}

/** Pieces that a Bezier curve is cut into: enough for an icon drawn half as large as a World picture. */
const PIECES = 10

const NUMBER = /[-+]?(?:\d*\.\d+|\d+\.?)(?:e[-+]?\d+)?/iy
const FLAG = /[01]/y
const BLANK = /[\s,]*/y
const ARGUMENTS: Readonly<Record<string, number>> = { m: 2, l: 2, h: 1, v: 1, c: 6, s: 4, q: 4, t: 2, a: 7, z: 0 }

/** The commands of `d`, each with its numbers; repeated commands are written out. */
function readCommands(d: string): { name: string; values: number[] }[] {
  const commands: { name: string; values: number[] }[] = []
  let at = 0
  const read = (pattern: RegExp): string | undefined => {
    pattern.lastIndex = at
    const found = pattern.exec(d)?.[0]
    if (found !== undefined) at += found.length
    return found
  }
  let name = ''
  for (read(BLANK); at < d.length; read(BLANK)) {
    if (/[a-z]/i.test(d[at])) name = d[at++]
    const count = ARGUMENTS[name.toLowerCase()]
    if (count === undefined) throw new RangeError(`an SVG path has the command "${name || d[at]}"`)
    const values: number[] = []
    for (let i = 0; i < count; i++) {
      read(BLANK)
      const text = read(name.toLowerCase() === 'a' && (i === 3 || i === 4) ? FLAG : NUMBER)
      if (text === undefined) throw new RangeError(`an SVG path lacks a number at ${at}`)
      values.push(Number(text))
    }
    commands.push({ name, values })
    if (name === 'M') name = 'L'
    if (name === 'm') name = 'l'
  }
  return commands
}

/** Follows the commands with a pen. */
class Tracer {
  readonly done: SubPath[] = []
  private points: number[] = []
  private x = 0
  private y = 0
  /** Control point to mirror, of the last cubic or quadratic curve. */
  private mirror?: { readonly of: 'c' | 'q'; readonly x: number; readonly y: number }

  finish(closed: boolean): void {
    if (this.points.length >= 4) this.done.push({ points: Float64Array.from(this.points), closed })
    if (closed && this.points.length > 0) [this.x, this.y] = [this.points[0], this.points[1]]
    this.points = []
  }

  run({ name, values }: { name: string; values: number[] }): void {
    const kind = name.toLowerCase()
    const v = name === kind ? this.absolute(kind, values) : values
    if (kind === 'z') this.finish(true)
    else if (kind === 'm') this.moveTo(v[0], v[1])
    else this.draw(kind, v)
  }

  private draw(kind: string, v: number[]): void {
    if (this.points.length === 0) this.points.push(this.x, this.y)
    const mirror = this.mirror
    this.mirror = undefined
    if (kind === 'h') this.lineTo(v[0], this.y)
    else if (kind === 'v') this.lineTo(this.x, v[0])
    else if (kind === 'l') this.lineTo(v[0], v[1])
    else if (kind === 'a') this.arcTo(v)
    else if (kind === 'c') this.cubicTo(v)
    else if (kind === 's') this.cubicTo([...this.reflected('c', mirror), ...v])
    else this.quadraticTo(kind === 'q' ? v : [...this.reflected('q', mirror), ...v])
  }

  private absolute(kind: string, values: number[]): number[] {
    if (kind === 'h') return [values[0] + this.x]
    if (kind === 'v') return [values[0] + this.y]
    if (kind === 'a') return [...values.slice(0, 5), values[5] + this.x, values[6] + this.y]
    return values.map((value, i) => value + (i % 2 === 0 ? this.x : this.y))
  }

  private reflected(of: 'c' | 'q', mirror: Tracer['mirror']): number[] {
    return mirror?.of === of ? [2 * this.x - mirror.x, 2 * this.y - mirror.y] : [this.x, this.y]
  }

  private moveTo(x: number, y: number): void {
    this.finish(false)
    this.mirror = undefined
    ;[this.x, this.y] = [x, y]
  }

  private lineTo(x: number, y: number): void {
    this.points.push(x, y)
    ;[this.x, this.y] = [x, y]
  }

  private cubicTo([x1, y1, x2, y2, x, y]: number[]): void {
    const [x0, y0] = [this.x, this.y]
    for (let i = 1; i <= PIECES; i++) {
      const t = i / PIECES
      const s = 1 - t
      const [a, b, c, d] = [s * s * s, 3 * s * s * t, 3 * s * t * t, t * t * t]
      this.lineTo(a * x0 + b * x1 + c * x2 + d * x, a * y0 + b * y1 + c * y2 + d * y)
    }
    this.mirror = { of: 'c', x: x2, y: y2 }
  }

  private quadraticTo([cx, cy, x, y]: number[]): void {
    const [x0, y0] = [this.x, this.y]
    this.cubicTo([
      x0 + (2 / 3) * (cx - x0),
      y0 + (2 / 3) * (cy - y0),
      x + (2 / 3) * (cx - x),
      y + (2 / 3) * (cy - y),
      x,
      y,
    ])
    this.mirror = { of: 'q', x: cx, y: cy }
  }

  private arcTo(v: number[]): void {
    for (const [x, y] of arcPoints([this.x, this.y], v)) this.lineTo(x, y)
  }
}

/** The outlines of an SVG path, curves as short lines. Throws RangeError for what is no path. */
export function parsePath(d: string): SubPath[] {
  const tracer = new Tracer()
  for (const command of readCommands(d)) tracer.run(command)
  tracer.finish(false)
  return tracer.done
}
