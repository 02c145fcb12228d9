/** Languages as trees: what texts an answer may be. */

/** Code points from `low` to `high`, both included. */
export type Range = readonly [low: number, high: number]

export type Form =
  | { readonly kind: 'chars'; readonly ranges: readonly Range[] }
  | { readonly kind: 'sequence'; readonly parts: readonly Form[] }
  | { readonly kind: 'choice'; readonly options: readonly Form[] }
  | { readonly kind: 'repeat'; readonly part: Form; readonly least: number; readonly most: number }
  /** A form that is made when it is reached, so that forms may contain themselves. */
  | { readonly kind: 'later'; readonly make: () => Form }

const LAST_CODE_POINT = 0x10ffff

export const chars = (...ranges: readonly Range[]): Form => ({ kind: 'chars', ranges })
export const sequence = (...parts: readonly Form[]): Form => ({ kind: 'sequence', parts })
export const choice = (...options: readonly Form[]): Form => ({ kind: 'choice', options })
export const repeat = (part: Form, least = 0, most = Number.POSITIVE_INFINITY): Form => ({
  kind: 'repeat',
  part,
  least,
  most,
})
export const optional = (part: Form): Form => repeat(part, 0, 1)
export const later = (make: () => Form): Form => ({ kind: 'later', make })

/** The very text. */
export const literal = (text: string): Form =>
  sequence(...Array.from(text, (char) => chars([char.codePointAt(0)!, char.codePointAt(0)!])))

/** All code points that some ranges leave out. */
export function without(ranges: readonly Range[]): Range[] {
  const left: Range[] = []
  let from = 0
  for (const [low, high] of [...ranges].sort((a, b) => a[0] - b[0])) {
    if (low > from) left.push([from, low - 1])
    from = Math.max(from, high + 1)
  }
  if (from <= LAST_CODE_POINT) left.push([from, LAST_CODE_POINT])
  return left
}

/** The code points that are in both. */
export const inBoth = (a: readonly Range[], b: readonly Range[]): Range[] =>
  a.flatMap(([low, high]) =>
    b.flatMap(([from, to]): Range[] => {
      const [first, last] = [Math.max(low, from), Math.min(high, to)]
      return first <= last ? [[first, last]] : []
    }),
  )
