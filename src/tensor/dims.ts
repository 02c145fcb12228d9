/**
 * Dimensions are numbers or names ("seq"), and arithmetic on names stays symbolic: `addDim('past', 'seq')` is the dim
 * "past+seq". A dim is kept as a canonical polynomial over atoms, so that equal sizes are equal strings. Atoms are names
 * bound by the shapes of the inputs, or opaque functions of other dims ("ceil(0.25*n)").
 */
import { roundHalfEven } from './round-half-even.ts'

export type Dim = number | string
export type Shape = readonly Dim[]
export type Bindings = ReadonlyMap<string, number>

/** An opaque integer function of one dim: fn(scale * of). `round` takes halves up; `count` is `countOf`; `positive` is 0 below 0. */
export interface DimFunction {
  readonly fn: 'ceil' | 'floor' | 'round' | 'count' | 'positive'
  readonly scale: number
  readonly of: Dim
}
export interface Term {
  readonly coefficient: number
  readonly atoms: readonly string[]
}

const functions = new Map<string, DimFunction>()
const polynomials = new Map<string, readonly Term[]>()

/** The terms of a dim; a plain name is one term with coefficient 1. */
export function termsOf(dim: Dim): readonly Term[] {
  if (typeof dim === 'number') return dim === 0 ? [] : [{ coefficient: dim, atoms: [] }]
  return polynomials.get(dim) ?? [{ coefficient: 1, atoms: [dim] }]
}

export const dimFunctionOf = (atom: string): DimFunction | undefined => functions.get(atom)

const keyOf = (term: Term): string => term.atoms.join('*')

function fromTerms(terms: Term[]): Dim {
  const merged = new Map<string, Term>()
  for (const term of terms) {
    const known = merged.get(keyOf(term))
    merged.set(keyOf(term), { atoms: term.atoms, coefficient: (known?.coefficient ?? 0) + term.coefficient })
  }
  const kept = [...merged.values()].filter((t) => t.coefficient !== 0).sort((a, b) => (keyOf(a) < keyOf(b) ? 1 : -1))
  if (kept.length === 0) return 0
  if (kept.length === 1 && kept[0].atoms.length === 0) return kept[0].coefficient
  const text = kept
    .map(({ coefficient, atoms }) => [...(coefficient === 1 && atoms.length ? [] : [coefficient]), ...atoms].join('*'))
    .join('+')
  const isAtom = kept.length === 1 && kept[0].coefficient === 1 && kept[0].atoms.length === 1
  if (!isAtom) polynomials.set(text, kept)
  return text
}

export const addDim = (a: Dim, b: Dim): Dim => fromTerms([...termsOf(a), ...termsOf(b)])
export const subDim = (a: Dim, b: Dim): Dim => addDim(a, mulDim(b, -1))

export function mulDim(a: Dim, b: Dim): Dim {
  const product = (x: Term, y: Term): Term => ({
    coefficient: x.coefficient * y.coefficient,
    atoms: [...x.atoms, ...y.atoms].sort(),
  })
  return fromTerms(termsOf(a).flatMap((x) => termsOf(b).map((y) => product(x, y))))
}

/** a / b where b divides a as polynomials; undefined where it does not (or is 0). */
export function divideDim(a: Dim, b: Dim): Dim | undefined {
  const divisor = leadingTerm(b)
  if (!divisor) return undefined
  let [rest, quotient]: [Dim, Dim] = [a, 0]
  for (let lead = leadingTerm(rest); lead; lead = leadingTerm(rest)) {
    const term = divideTerm(lead, divisor)
    if (!term) return undefined
    const part = fromTerms([term])
    quotient = addDim(quotient, part)
    rest = subDim(rest, mulDim(part, b))
  }
  return quotient
}

/** The largest term by degree, then by atoms: an order that multiplication keeps, so that long division ends. */
function leadingTerm(dim: Dim): Term | undefined {
  const larger = (a: Term, b: Term): boolean => {
    if (a.atoms.length !== b.atoms.length) return a.atoms.length > b.atoms.length
    const at = a.atoms.findIndex((atom, i) => atom !== b.atoms[i])
    return at >= 0 && a.atoms[at] < b.atoms[at]
  }
  return termsOf(dim).reduce<Term | undefined>((best, term) => (!best || larger(term, best) ? term : best), undefined)
}

function divideTerm(a: Term, b: Term): Term | undefined {
  const atoms = [...a.atoms]
  for (const atom of b.atoms) {
    const at = atoms.indexOf(atom)
    if (at < 0) return undefined
    atoms.splice(at, 1)
  }
  const coefficient = a.coefficient / b.coefficient
  return Number.isInteger(coefficient) ? { coefficient, atoms } : undefined
}

/** A size that a leaf may have: a count, a plain name, or a dim made by the functions of this file. */
export const isDim = (dim: Dim): boolean =>
  typeof dim === 'number'
    ? Number.isInteger(dim) && dim >= 0
    : polynomials.has(dim) || functions.has(dim) || /^[A-Za-z_][\w.]*$/.test(dim)

const dimFunctions: Record<DimFunction['fn'], (scale: number, of: number) => number> = {
  ceil: (scale, of) => Math.ceil(scale * of),
  floor: (scale, of) => Math.floor(scale * of),
  round: (scale, of) => Math.round(scale * of),
  count: (share, of) => Math.min(Math.max(1, roundHalfEven(share * of)), of),
  positive: (scale, of) => Math.max(0, Math.floor(scale * of)),
}

/** round / floor / ceil of `scale * dim`, a number when the dim is one. */
export const scaleDim = (dim: Dim, scale: number, fn: 'ceil' | 'floor' | 'round' = 'round'): Dim =>
  dimFunction(fn, scale, dim)

/**
 * How many of `n` things a share of them is: the one rule for "keep so many". `share * n` to the nearest integer, halves to
 * the even one; at least 1 unless the share is 0; never more than `n`, so of none it is none.
 * @param share from 0 to 1
 */
export function countOf(n: number, share: number): number
export function countOf(n: Dim, share: number): Dim
export function countOf(n: Dim, share: number): Dim {
  return share > 0 ? dimFunction('count', share, n) : 0
}

/** The smaller of two sizes. */
export const minDim = (a: Dim, b: Dim): Dim => subDim(a, dimFunction('positive', 1, subDim(a, b)))

/** One where there is anything, none where there is nothing. */
export const oneOf = (n: Dim): Dim => minDim(n, 1)

function dimFunction(fn: DimFunction['fn'], scale: number, dim: Dim): Dim {
  // + 0 makes -0 a size.
  if (typeof dim === 'number') return dimFunctions[fn](scale, dim) + 0
  const name = `${fn}(${scale}*${dim})`
  functions.set(name, { fn, scale, of: dim })
  return name
}

export const product = (shape: Shape): Dim => shape.reduce<Dim>(mulDim, 1)

/** The number a dim stands for under given bindings of the named dims. */
export function evaluateDim(dim: Dim, bindings: Bindings): number {
  if (typeof dim === 'number') return dim
  return termsOf(dim).reduce(
    (total, { coefficient, atoms }) =>
      total + atoms.reduce((value, atom) => value * evaluateAtom(atom, bindings), coefficient),
    0,
  )
}

/** A named size was asked for that nobody has told. */
export class UnknownSize extends Error {}

function evaluateAtom(atom: string, bindings: Bindings): number {
  const bound = bindings.get(atom)
  if (bound !== undefined) return bound
  const known = functions.get(atom)
  if (!known)
    throw new UnknownSize(`dim "${atom}" has no size; known dims: ${[...bindings.keys()].join(', ') || 'none'}`)
  return dimFunctions[known.fn](known.scale, evaluateDim(known.of, bindings)) + 0
}

export const formatShape = (shape: Shape): string => `[${shape.join(', ')}]`

/** The shape two shapes broadcast to (trailing axes aligned, 1 stretches), or undefined. */
export function broadcastShapes(a: Shape, b: Shape): Shape | undefined {
  const rank = Math.max(a.length, b.length)
  const out: Dim[] = []
  for (let axis = 0; axis < rank; axis++) {
    const x = a[a.length - rank + axis] ?? 1
    const y = b[b.length - rank + axis] ?? 1
    if (x !== y && x !== 1 && y !== 1) return undefined
    out.push(x === 1 ? y : x)
  }
  return out
}
