/**
 * The two resamplers of LLaVA-UHD (arXiv 2403.11703, section 3.2, and its released code): one layer of cross-attention that
 * makes a constant number of tokens of a slice of any shape. One head for 128 numbers.
 */
import { attend, attentionWeights, layerNormed, linear, mergeHeads, type Scope, splitHeads } from '../../nn/index.ts'
import { add, argmax, constant, expand, matmul, mean, mulDim, reshape, type Tensor } from '../../tensor/index.ts'
import type { Grid, ResampledTokens } from '../vision-side.ts'
import { cellOfPatches } from './cells.ts'
import { planePositions, planePositionsOf } from './plane-positions.ts'
import { roiAlignMatrix } from './roi-align.ts'

export interface ResamplerOptions {
  /** There are side^2 queries. */
  readonly side: number
  /** Width of the tokens: that of the language model. */
  readonly width: number
  /** Patches of the slice. */
  readonly grid: Grid
}

interface Projected {
  /** [1, side^2, d] */
  readonly q: Tensor
  /** [b, n, d] */
  readonly k: Tensor
  readonly v: Tensor
}

const EPSILON = 1e-6

function projected(p: Scope, patches: Tensor, { side, width, grid }: ResamplerOptions): Projected {
  const x = layerNormed(p.at('ln_kv'), linear(p.at('kv_proj'), patches, width, false), EPSILON)
  const own = constant(planePositions(side, width), [1, side * side, width])
  const queries = add(layerNormed(p.at('ln_q'), p('query', [1, side * side, width]), EPSILON), own)
  const project = (name: string, from: Tensor) => linear(p.at('attn', name), from, width)
  const keys = add(x, planePositionsOf(side, width, grid))
  return { q: project('q_proj', queries), k: project('k_proj', keys), v: project('v_proj', x) }
}

/** What comes after attention, [b, side^2, d] both. */
const finished = (p: Scope, mixed: Tensor, { width }: ResamplerOptions): Tensor =>
  linear(
    p.at('proj'),
    layerNormed(p.at('ln_post'), linear(p.at('attn', 'out_proj'), mixed, width), EPSILON),
    width,
    false,
  )

/** Every query sees every patch; a patch counts to the query that sees it most. */
export function overSlice(p: Scope, patches: Tensor, options: ResamplerOptions): ResampledTokens {
  const { q, k, v } = projected(p, patches, options)
  const [heads, batch] = [headsOf(options.width), patches.shape[0]]
  const queries = expand(q, [batch, options.side ** 2, options.width])
  const weights = attentionWeights(splitHeads(queries, heads), splitHeads(k, heads)) // [b, h, q, n]
  const mixed = mergeHeads(attend(weights, splitHeads(v, heads)))
  return { states: finished(p, mixed, options), assignment: argmax(mean(weights, 1), 1) }
}

/** Query (i, j) sees places of its own cell; a patch counts to the cell that it lies in. */
export function overCells(p: Scope, patches: Tensor, options: ResamplerOptions): ResampledTokens {
  const { q, k, v } = projected(p, patches, options)
  const { side, width, grid } = options
  const bins = cellBins(grid)
  const [count, places, batch] = [side * side, bins.rows * bins.columns, patches.shape[0]]
  const sampling = constant(roiAlignMatrix(grid, side, bins), [count * places, grid.rows * grid.columns])
  const sampled = (x: Tensor) => reshape(matmul(sampling, x), [mulDim(batch, count), places, width])
  const heads = headsOf(width)
  const queries = reshape(expand(q, [batch, count, width]), [mulDim(batch, count), 1, width])
  const weights = attentionWeights(splitHeads(queries, heads), splitHeads(sampled(k), heads)) // [b q, h, 1, places]
  const mixed = reshape(mergeHeads(attend(weights, splitHeads(sampled(v), heads))), [batch, count, width])
  return { states: finished(p, mixed, options), assignment: cellOfPatches(batch, grid, side) }
}

/** Shapes that a cell is sampled in, [columns, rows]. */
const SHAPES = [
  [4, 2],
  [3, 2],
  [4, 3],
  [3, 3],
  [2, 4],
  [2, 3],
  [3, 4],
] as const

/** The one nearest to the shape of a slice; the first among equals. */
export function cellBins({ rows, columns }: Grid): Grid {
  const distance = ([a, b]: readonly [number, number]) => Math.abs(Math.log(columns / rows) - Math.log(a / b))
  const [wide, high] = SHAPES.reduce((best, shape) => (distance(shape) < distance(best) ? shape : best))
  return { columns: wide, rows: high }
}

/** One head for 128 numbers, as far as the width can be divided so. */
function headsOf(width: number): number {
  let heads = Math.max(1, Math.floor(width / 128))
  while (width % heads !== 0) heads--
  return heads
}
