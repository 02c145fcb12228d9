/** The layers of a model that few bits are meant for, those with one input together. */
import type { Architecture } from '../../models/family.ts'
import { traceModel } from '../../pipeline/flow/trace-model.ts'
import { followsNorm, type LinearLayer, linearGroups } from '../../runtime/index.ts'
import { type Leaf, type Tensor, topologicalOrder } from '../../tensor/index.ts'
import { planWeights } from '../plan.ts'
import type { Bits } from './grid.ts'

export interface LayerGroup {
  readonly layers: readonly { readonly weight: string; readonly k: number }[]
  /** Weights of the norm before them, scale and shift, where nothing else reads it: these can take over a scale. */
  readonly norm?: readonly string[]
}

/** Of the language model in 4 bits, of the vision encoder as well in 8; a layer that two inputs share is left out. */
export function layerGroups(architecture: Architecture, bits: Bits): LayerGroup[] {
  const { layers } = planWeights(architecture, bits === 4 ? 'int4' : 'int8')
  const meant = new Set(layers.flatMap(({ weight, forms }) => (forms[0] === `int${bits}` ? [weight] : [])))
  const traced = traceModel(architecture)
  const outputs = [...traced.vision, traced.logits]
  const nodes = topologicalOrder(outputs)
  const groups = linearGroups(outputs)
  const times = countOf(groups.flat().map(({ weight }) => weight))
  const tables = new Set(
    nodes.flatMap(({ op, inputs: [table] }) => (op.name === 'gather' ? (nameOf(table) ?? []) : [])),
  )
  return groups.flatMap((group) => {
    const own = group.filter(({ weight }) => meant.has(weight) && times.get(weight) === 1 && !tables.has(weight))
    if (own.length === 0) return []
    const norm = own.length === group.length ? normOf(group, nodes) : undefined
    return [{ layers: own.map(({ weight, k }) => ({ weight, k })), ...(norm && { norm }) }]
  })
}

function countOf(names: readonly string[]): Map<string, number> {
  const times = new Map<string, number>()
  for (const name of names) times.set(name, (times.get(name) ?? 0) + 1)
  return times
}

const nameOf = ({ op, attrs }: Tensor): string | undefined =>
  op.name === 'parameter' ? (attrs as Leaf).name : undefined

/** The weights of the norm that a group reads alone; a norm whose weights are computed, as 1 + w, is none. */
function normOf(group: readonly LinearLayer[], nodes: readonly Tensor[]): string[] | undefined {
  const [{ input }] = group
  if (!followsNorm(group[0])) return undefined
  const readers = nodes.filter(({ inputs }) => inputs.includes(input)).length
  const names = input.inputs.slice(1).map(nameOf)
  const isShared = nodes.some((node) => node !== input && node.inputs.some((x) => input.inputs.slice(1).includes(x)))
  return readers === group.length && !isShared && names.every((name) => name !== undefined) ? names : undefined
}
