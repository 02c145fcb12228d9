import { parameter, type Shape, type Tensor } from '../tensor/index.ts'

/** What a weight is before any training; `normal` draws from the standard normal distribution. */
export type FirstValue = (shape: readonly number[], normal: () => number) => Float32Array

/** A part of a matrix [out, in]: what is computed of its outputs, the others are 0; and the inputs that are read. */
export interface MatrixPart {
  readonly outputs?: readonly number[]
  readonly inputs?: readonly number[]
}

/** A linear layer, [..., in] -> [..., out], or only a part of its matrix. */
export type LinearLayer = (x: Tensor, part?: MatrixPart) => Tensor

/** Around a linear layer: `next` is the layer as it is, `weight` the full name of its matrix, `out` its width. */
export type LinearStage = (x: Tensor, next: LinearLayer, layer: LinearPlace) => Tensor

export interface LinearPlace {
  readonly weight: string
  readonly out: number
  /** Size [out, in] of the whole matrix, where only its first rows and columns are used. */
  readonly of?: readonly [number, number]
}

/**
 * A place in a tree of named weights: `scope('weight', [out, in])` is the leaf "prefix.weight". Asking twice gives the
 * same leaf, so tied weights are the same name.
 */
export interface Scope {
  /** @param first what the weight is before any training, where its name does not say it */
  (name: string, shape: Shape, first?: FirstValue): Tensor
  /** The scope below: `scope.at('layers', 3)` prefixes "layers.3.". */
  at(...path: (string | number)[]): Scope
  /** The whole tree: from the weights of a method, those of its model. */
  root(): Scope
  /** What names below begin with: "", or ending in ".". */
  readonly prefix: string
  /** All leaves of the tree so far, by full name. */
  readonly parameters: ReadonlyMap<string, Tensor>
  /** First values that were stated, by full name. */
  readonly firsts: ReadonlyMap<string, FirstValue>
  /** What linear layers below go through. */
  readonly around?: LinearStage
}

/** @param onLeaf is told of each leaf when it is first asked for, and may throw to end a trace */
export function createScope(onLeaf?: (name: string, shape: Shape) => void): Scope {
  const [parameters, firsts] = [new Map<string, Tensor>(), new Map<string, FirstValue>()]
  const below = (prefix: string, root?: Scope): Scope => {
    const leaf = (name: string, shape: Shape, first?: FirstValue): Tensor => {
      const full = prefix + name
      const known = parameters.get(full)
      if (known && known.shape.join() !== shape.join())
        throw new Error(`weight "${full}" is used as [${shape}] and as [${known.shape}]`)
      if (!known) onLeaf?.(full, shape)
      const made = known ?? parameter(full, shape)
      parameters.set(full, made)
      if (first) firsts.set(full, first)
      return made
    }
    const at = (...path: (string | number)[]) => below(`${prefix}${path.join('.')}.`, root ?? scope)
    const scope: Scope = Object.assign(leaf, { at, root: () => root ?? scope, prefix, parameters, firsts })
    return scope
  }
  return below('')
}

/** Another way to make the leaves of a scope; the tree stays the same. */
export function mapLeaves(
  scope: Scope,
  leafOf: (leaf: Scope, name: string, shape: Shape, first?: FirstValue) => Tensor,
  around = scope.around,
): Scope {
  const leaf = (name: string, shape: Shape, first?: FirstValue) => leafOf(scope, name, shape, first)
  const at = (...path: (string | number)[]) => mapLeaves(scope.at(...path), leafOf, around)
  const { root, prefix, parameters, firsts } = scope
  return Object.assign(leaf, { at, root, prefix, parameters, firsts, around })
}

/** The same scope, whose linear layers go through a stage. */
export const withLinear = (scope: Scope, stage: LinearStage): Scope =>
  mapLeaves(scope, (inner, name, shape, first) => inner(name, shape, first), stage)

/** The same scope, whose weights are all this before any training. */
export const startingAt = (scope: Scope, first: FirstValue): Scope =>
  mapLeaves(scope, (inner, name, shape) => inner(name, shape, first))

/** Zeros: what is added by a part that begins so is nothing. */
export const zeros = (shape: readonly number[]): Float32Array => new Float32Array(shape.reduce((a, b) => a * b, 1))

/** Normal, without what is more than two standard deviations from zero: that is drawn again. */
export const truncatedNormal =
  (deviation: number): FirstValue =>
  (shape, normal) =>
    zeros(shape).map(() => {
      for (;;) {
        const drawn = normal()
        if (Math.abs(drawn) <= 2) return drawn * deviation
      }
    })

export const normal =
  (deviation: number): FirstValue =>
  (shape, draw) =>
    zeros(shape).map(() => draw() * deviation)
