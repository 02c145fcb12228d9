import type { Architecture } from '../models/family.ts'
import { type TracedModel, traceModel } from '../pipeline/flow/trace-model.ts'
import type { Precision } from '../pipeline/precision-report.ts'
import { followsNorm, type LayerForm, linearGroups } from '../runtime/index.ts'
import { type Tensor, topologicalOrder } from '../tensor/index.ts'

/** A linear layer and what may be done with it. */
export interface PlannedLayer {
  readonly weight: string
  readonly k: number
  readonly n: number
  /** From the smallest to fp32: the first is used whose error is small enough. */
  readonly forms: readonly LayerForm[]
  /** Layers of one group have the same input. */
  readonly group: string
  /** The input is a norm, which can scale channels at no cost. */
  readonly smoothable: boolean
}

/** Every weight of a model once or, for a tied head, twice: as a layer and as a table. */
export interface WeightPlan {
  readonly precision: Precision
  readonly layers: readonly PlannedLayer[]
  /** Weights that stay as they are stored. */
  readonly others: readonly { readonly name: string; readonly shape: readonly number[] }[]
}

const forms: Record<Precision, Record<'vision' | 'language' | 'head', readonly LayerForm[]>> = {
  fp32: { vision: ['fp32'], language: ['fp32'], head: ['fp32'] },
  int8: { vision: ['int8', 'fp32'], language: ['int8', 'fp32'], head: ['int8', 'fp32'] },
  // The layers of the language model are most of a model. The rest loses more by 4 bits than it saves.
  int4: { vision: ['int8', 'fp32'], language: ['int4', 'int8', 'fp32'], head: ['int8', 'fp32'] },
}

/** Finds the linear layers in the traced model, so that no family has to name them. */
export function planWeights(architecture: Architecture, precision: Precision): WeightPlan {
  const traced = traceModel(architecture)
  const placeOf = placeIn(traced)
  const layers = new Map<string, PlannedLayer>()
  for (const group of linearGroups([...traced.vision, traced.logits]))
    for (const layer of group) {
      const { weight, k, n, input } = layer
      const chosen = forms[precision][placeOf(input)]
      const planned = { weight, k, n, forms: chosen, group: group[0].weight, smoothable: followsNorm(layer) }
      if (!layers.has(weight)) layers.set(weight, planned)
    }
  const tables = tablesOf(traced)
  const others = [...traced.parameters]
    .filter(([name]) => !layers.has(name) || tables.has(name))
    .map(([name, leaf]) => ({ name, shape: leaf.shape.map(Number) }))
  return { precision, layers: [...layers.values()], others }
}

function placeIn({ vision, hidden }: TracedModel): (input: Tensor) => 'vision' | 'language' | 'head' {
  const seen = new Set(topologicalOrder(vision))
  return (input) => (input === hidden ? 'head' : seen.has(input) ? 'vision' : 'language')
}

/** Weights whose rows are looked up; a head that is tied to the embeddings is one of them. */
function tablesOf({ vision, logits }: TracedModel): Set<string> {
  const looked = topologicalOrder([...vision, logits]).filter(({ op }) => op.name === 'gather')
  return new Set(looked.flatMap(({ inputs: [table] }) => (table.attrs as { name?: string } | undefined)?.name ?? []))
}
