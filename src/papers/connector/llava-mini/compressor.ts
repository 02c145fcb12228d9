import type { Grid } from '../../../models/vision-side.ts'
import { crossAttention, layerNormed, type Scope } from '../../../nn/index.ts'
import { methodError } from '../../../pipeline/method/method-error.ts'
import { add, constant, expand, fixedDim, interpolate, reshape, type Tensor, transpose } from '../../../tensor/index.ts'

const ID = 'llava-mini'

const HEADS = 8

/** Z before the projector: C^2 queries look at all patches of a grid, [b, n, d] -> [b, C^2, d]. */
export function compress(p: Scope, states: Tensor, grid: Grid, side: number): Tensor {
  const [batch, d] = [states.shape[0], fixedDim(ID, states, 2)]
  const table = sinesOf(side, d) // [d, C, C]
  const flat = (x: Tensor, count: number) => reshape(transpose(reshape(x, [d, count])), [1, count, d])
  const enlarged = flat(interpolate(table, [grid.rows, grid.columns], { mode: 'bicubic' }), grid.rows * grid.columns)
  const Q = layerNormed(p.at('compressor', 'query_norm'), p('compressor.queries', [1, side ** 2, d]))
  const K = layerNormed(p.at('compressor', 'patch_norm'), states)
  const queries = expand(add(Q, flat(table, side ** 2)), [batch, side ** 2, d])
  return crossAttention(p.at('compressor'), queries, add(K, enlarged), K, { heads: d % HEADS ? 1 : HEADS, bias: true })
}

/** Fixed positions on a square, [d, C, C]: half of the channels for the column, half for the row, sines then cosines. */
export function sinesOf(side: number, d: number): Tensor {
  if (d % 4)
    throw methodError(`${ID} places patches with sines and cosines of two axes, which ${d} channels do not hold`)
  const quarter = d / 4
  const data = Float32Array.from({ length: d * side ** 2 }, (_, at) => {
    const [channel, place] = [Math.floor(at / side ** 2), at % side ** 2]
    const along = channel < d / 2 ? place % side : Math.floor(place / side)
    const angle = along / 10000 ** ((channel % quarter) / quarter)
    return Math.floor(channel / quarter) % 2 ? Math.cos(angle) : Math.sin(angle)
  })
  return constant(data, [d, side, side])
}
