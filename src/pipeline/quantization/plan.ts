import type { Architecture } from '../../models/family.ts'
import { followsNorm, type LayerForm, linearGroups } from '../../runtime/index.ts'
import { type Tensor, topologicalOrder } from '../../tensor/index.ts'
import { type TracedModel, traceModel } from '../check-weights.ts'

/** What a model's linear layers compute with. */
export type Precision = 'fp32' | 'int8' | 'int4'

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
  const outputs = [...traced.vision, traced.logits]
  const seen = new Set<string>()
  const layers: PlannedLayer[] = []
  for (const group of linearGroups(outputs))
    for (const layer of group) {
      const { weight, k, n, input } = layer
      if (seen.has(weight)) continue
      seen.add(weight)
      const place = placeOf(traced, input)
      const chosen = forms[precision][place]
      layers.push({ weight, k, n, forms: chosen, group: group[0].weight, smoothable: followsNorm(layer) })
    }
  const others = [...traced.parameters]
    .filter(([name]) => !seen.has(name) || isTable(outputs, name))
    .map(([name, leaf]) => ({ name, shape: leaf.shape.map(Number) }))
  return { precision, layers, others }
}

const placeOf = ({ vision, hidden }: TracedModel, input: Tensor): 'vision' | 'language' | 'head' => {
  if (input === hidden) return 'head'
  return topologicalOrder(vision).includes(input) ? 'vision' : 'language'
}

/** Rows of the weight are looked up too: the head is tied to the embeddings. */
const isTable = (outputs: readonly Tensor[], name: string): boolean =>
  topologicalOrder(outputs).some(
    ({ op, inputs }) => op.name === 'gather' && (inputs[0].attrs as { name?: string } | undefined)?.name === name,
  )
