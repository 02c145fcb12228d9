/** Heads that visual tokens do without, where it is known which while the program is traced: nothing computes them. */
import type { LinearLayer, MatrixPart } from '../../../nn/index.ts'
import type { LinearSite } from '../../../pipeline/method/method.ts'
import { gatherRows, rangeLike } from '../../../pipeline/method/rows.ts'
import type { Sequence } from '../../../pipeline/method/sequence.ts'
import { add, concat, dimValue, scatterAdd, type Tensor } from '../../../tensor/index.ts'

/** The heads of a mask that count; undefined where it is not known, weighs heads, or leaves none out. */
export function keptHeads(mask: Float32Array | undefined): readonly number[] | undefined {
  if (!mask?.every((weight) => weight === 0 || weight === 1) || mask.every((weight) => weight === 1)) return undefined
  return [...mask.keys()].filter((head) => mask[head] === 1)
}

type Heads = LinearSite['architecture']['language']['heads']

/**
 * What of a projection, by the name of its matrix, kept heads need for visual tokens; undefined for all of it. Keys and
 * values are needed where any head of their group is kept.
 * @param keys whether keys of dropped heads are left out too
 */
export function partOfHeads(
  weight: string,
  kept: readonly number[],
  { count, keyValue, width }: Heads,
  keys: boolean,
): MatrixPart | undefined {
  const [, name] = /\.(q|k|v|o|out|qkv)(?:_proj)?\.weight$/.exec(weight) ?? []
  const groups = [...new Set(kept.map((head) => Math.floor((head * keyValue) / count)))]
  const numbers = (heads: readonly number[], first = 0) =>
    heads.flatMap((head) => Array.from({ length: width }, (_, at) => (first + head) * width + at))
  const all = [...Array(keyValue).keys()]
  const outputs = (needed: readonly number[], of: number) =>
    needed.length < of ? { outputs: numbers(needed) } : undefined
  if (name === 'q') return outputs(kept, count)
  if (name === 'v' || (name === 'k' && keys)) return outputs(groups, keyValue)
  if (name === 'o' || name === 'out') return { inputs: numbers(kept) }
  if (name !== 'qkv') return undefined
  return { outputs: [...numbers(kept), ...numbers(keys ? groups : all, count), ...numbers(groups, count + keyValue)] }
}

/** Text rows of x [b, s, d] through the whole layer, visual rows through a part of it. */
export function visualInPart(x: Tensor, layer: LinearLayer, part: MatrixPart, { text, visual }: Sequence): Tensor {
  const [batch, length] = x.shape
  const behind = add(rangeLike(visual), dimValue(text.shape[1]))
  const from = add(scatterAdd([batch, length], text, rangeLike(text)), scatterAdd([batch, length], visual, behind))
  return gatherRows(concat([layer(gatherRows(x, text)), layer(gatherRows(x, visual), part)], 1), from)
}
