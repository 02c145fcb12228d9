import type { Tensor } from '../tensor/index.ts'

/** Leaves of a model, parted into those that a training changes and those that it leaves as they are. */
export interface PartedLeaves {
  readonly trained: ReadonlyMap<string, Tensor>
  readonly frozen: ReadonlyMap<string, Tensor>
}

/** Parts leaves by name: `partLeaves(scope.parameters, (name) => name.startsWith('multi_modal_projector.'))`. */
export function partLeaves(leaves: ReadonlyMap<string, Tensor>, trained: (name: string) => boolean): PartedLeaves {
  const entries = [...leaves]
  return {
    trained: new Map(entries.filter(([name]) => trained(name))),
    frozen: new Map(entries.filter(([name]) => !trained(name))),
  }
}
