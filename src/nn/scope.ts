import { parameter, type Shape, type Tensor } from '../tensor/index.ts'

/**
 * A place in a tree of named weights: `scope('weight', [out, in])` is the leaf "prefix.weight". Asking twice gives the
 * same leaf, so tied weights are the same name.
 */
export interface Scope {
  (name: string, shape: Shape): Tensor
  /** The scope below: `scope.at('layers', 3)` prefixes "layers.3.". */
  at(...path: (string | number)[]): Scope
  /** All leaves of the tree so far, by full name. */
  readonly parameters: ReadonlyMap<string, Tensor>
}

/** @param onLeaf is told of each leaf when it is first asked for, and may throw to end a trace */
export function createScope(onLeaf?: (name: string, shape: Shape) => void): Scope {
  const parameters = new Map<string, Tensor>()
  const below = (prefix: string): Scope => {
    const leaf = (name: string, shape: Shape): Tensor => {
      const full = prefix + name
      const known = parameters.get(full)
      if (known && known.shape.join() !== shape.join())
        throw new Error(`weight "${full}" is used as [${shape}] and as [${known.shape}]`)
      if (!known) onLeaf?.(full, shape)
      const made = known ?? parameter(full, shape)
      parameters.set(full, made)
      return made
    }
    return Object.assign(leaf, {
      at: (...path: (string | number)[]) => below(`${prefix}${path.join('.')}.`),
      parameters,
    })
  }
  return below('')
}
