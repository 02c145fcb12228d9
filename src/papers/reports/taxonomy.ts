/** A survey as a view of what runs here. */
import { dualFamilies } from '../../models/dual/index.generated.ts'
import { families as answering } from '../../models/index.generated.ts'
import type { Paper } from '../paper.ts'
import type { Leaf } from './leaf.ts'
import type { Exact } from './row.ts'

/** What a leaf comes to: the entries that run, and those that are described only. */
export interface Found {
  readonly leaf: Leaf
  readonly running: readonly Paper[]
  readonly described: readonly Paper[]
}

const runs = (entry: Paper): boolean => entry.method !== undefined || entry.run !== undefined

/** Each leaf with its entries out of the catalogue. Throws RangeError for an id that is not in it. */
export function lookUp(leaves: readonly Leaf[], catalogue: readonly Paper[]): Found[] {
  return leaves.map((leaf) => {
    const own = leaf.entries.map((id) => {
      const found = catalogue.find((entry) => entry.id === id)
      if (!found) throw new RangeError(`${leaf.category}: the catalogue has no "${id}"`)
      return found
    })
    return { leaf, running: own.filter(runs), described: own.filter((entry) => !runs(entry)) }
  })
}

/** What loads here, by `model_type`. */
export const modelTypes: readonly string[] = [...answering, ...dualFamilies].flatMap((family) => family.modelTypes)

/** What must hold of a taxonomy: no dead link, and a leaf that nothing stands for says why. */
export function* taxonomyRows(
  leaves: readonly Leaf[],
  catalogue: readonly Paper[],
  families: readonly string[] = modelTypes,
): Generator<Exact> {
  const known = new Set(catalogue.map(({ id }) => id))
  const dead = leaves.flatMap((leaf) => leaf.entries.filter((id) => !known.has(id)))
  const linked = leaves.reduce((sum, { entries }) => sum + entries.length, 0)
  yield { name: 'links of the taxonomy to entries that are not there', value: dead.length, count: linked }
  const unknown = leaves.flatMap((leaf) => (leaf.families ?? []).filter((family) => !families.includes(family)))
  yield { name: 'families of the taxonomy that do not load here', value: unknown.length }
  const found = lookUp(leaves, catalogue)
  const silent = found.filter(({ leaf, running }) => running.length === 0 && !leaf.families?.length && !leaf.open)
  yield { name: 'leaves that nothing here runs and that do not say why', value: silent.length, count: leaves.length }
  const idle = found.filter(({ leaf, running }) => leaf.open && (running.length > 0 || leaf.families?.length))
  yield { name: 'leaves that are called open although something here runs', value: idle.length, count: leaves.length }
  const twice = leaves.length - new Set(leaves.map(({ category }) => category)).size
  yield { name: 'categories that are named twice', value: twice }
}
