/** The table of `fovea bench report --csv`. */

export interface Point {
  readonly id: string
  /** What is kept, of 1; dense has none. */
  readonly share?: number
  /** Of 1, with its interval of 95 %. */
  readonly right: number
  readonly low: number
  readonly high: number
  /** Mean over the layers, and FLOPs of the prefill, both of the dense model's. */
  readonly tokens: number
  readonly flops: number
}

const cells = (line: string): string[] =>
  [...`${line},`.matchAll(/("(?:[^"]|"")*"|[^,]*),/g)].map(([, cell]) =>
    cell.startsWith('"') ? cell.slice(1, -1).replaceAll('""', '"') : cell,
  )

export function pointsOf(text: string): Point[] {
  const [head, ...lines] = text.trimEnd().split('\n').map(cells)
  const at = (name: string) => head.indexOf(name)
  const rows = lines.map((line) => (name: string) => line[at(name)])
  const all = Number(rows.find((of) => of('method') === 'dense')?.('tokens, mean'))
  return rows.map((of) => ({
    id: of('method'),
    ...(of('share') !== '' && { share: Number(of('share')) }),
    right: Number(of('right, %')),
    low: Number(of('right, low')),
    high: Number(of('right, high')),
    tokens: Number(of('tokens, mean')) / all,
    flops: Number(of('FLOPs of prefill, x')),
  }))
}
