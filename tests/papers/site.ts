import { createScope, type Scope } from '../../src/nn/index.ts'
import type { LayerSite } from '../../src/pipeline/method/method.ts'
import type { Sequence } from '../../src/pipeline/method/sequence.ts'
import { constant, evaluate, type Tensor } from '../../src/tensor/index.ts'
import { ndarray } from '../../src/tensor/ndarray.ts'

/** A place by itself, for methods that are looked at without a model. */
export function siteOf(architecture: unknown = {}, at: Partial<LayerSite> = {}): LayerSite & { readonly p: Scope } {
  return { layer: 0, p: createScope(), architecture, memory: {}, reached: () => {}, ...at } as LayerSite
}

interface SequenceForm {
  /** Which slots hold visual tokens; one list for each row of a batch. */
  readonly visual: readonly (readonly number[])[]
  /** [b, s, d], one after the other. */
  readonly states: readonly number[]
  readonly length: number
  readonly tags?: Readonly<Record<'view' | 'row' | 'column', readonly (readonly number[])[]>> | { view: number[][] }
}

/** A sequence whose values are known. */
export function sequenceOf({ visual, states, length, tags = {} as never }: SequenceForm): Sequence {
  const batch = visual.length
  const width = states.length / (batch * length)
  const all = Array.from({ length }, (_, at) => at)
  const rows = (of: readonly (readonly number[])[]) => constant(of.flat(), [batch, of[0].length], 'i64')
  return {
    states: constant(states, [batch, length, width]),
    positions: constant(
      visual.flatMap(() => all),
      [batch, length],
    ),
    tags: Object.fromEntries(Object.entries(tags).map(([name, tag]) => [name, rows(tag)])),
    visual: rows(visual),
    text: rows(visual.map((slots) => all.filter((slot) => !slots.includes(slot)))),
    source: rows(visual.map((slots) => slots.map((_, at) => at))),
    opening: constant([1], []),
    ran: [],
    changedBy: [],
  }
}

/** The numbers in tensors, where weights have the values that are given by name. */
export function numbersIn(
  tensors: readonly Tensor[],
  p?: Scope,
  weights: Readonly<Record<string, readonly number[]>> = {},
): number[][] {
  const leaves = Object.entries(weights).map(([name, data]) => {
    const leaf = p?.parameters.get(name)
    if (!leaf) throw new Error(`no weight ${name}; there is ${[...(p?.parameters.keys() ?? [])].join(', ')}`)
    return [leaf, ndarray(leaf.shape.map(Number), [...data])] as const
  })
  return evaluate(tensors, new Map(leaves)).map(({ data }) => [...data])
}
