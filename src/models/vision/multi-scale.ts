/**
 * S2: a vision encoder that sees a picture at several scales (Shi et al., When Do We Not Need Larger Vision Models?, arXiv
 * 2403.13043, section 3.1). Every scale is cut into squares of the size that the encoder was trained on, each of which it
 * sees by itself; their maps are put together, averaged to the grid of the smallest scale and set side by side as channels.
 */
import {
  concat,
  type Dim,
  fixedDim,
  interpolate,
  mean,
  mulDim,
  reshape,
  slice,
  type Tensor,
  transpose,
} from '../../tensor/index.ts'
import { adaptivePool } from '../connectors/adaptive-pool.ts'
import type { Patches } from '../vision-side.ts'
import type { TowerFeatures, VisionTower } from './tower.ts'

/**
 * @param side of the squares that the encoder sees, in pixels; a patch divides it
 * @param scales in multiples of that side, ascending: pixels are [b, 3, S, S] with S the largest of them
 */
export function multiScale(tower: VisionTower, side: number, scales: readonly number[]): VisionTower {
  const largest = Math.max(...scales) * side
  return {
    ...tower,
    imageSize: largest,
    encode: (p, pixels) => {
      const seen = scales.map((n) => ({ n, features: tower.encode(p, chessboard(resized(pixels, n * side), n)) }))
      const [{ features }] = seen
      const outputs = features.outputs.map((output, at): Patches => {
        const parts = seen.map(({ n, features }) => together(features, at, n, pixels.shape[0], tower.special))
        return { ...output, states: concat(parts, 2) }
      })
      return { outputs, layers: [], grid: features.grid }
    },
  }
}

const resized = (pixels: Tensor, side: number): Tensor =>
  pixels.shape[2] === side ? pixels : interpolate(pixels, [side, side], { mode: 'bicubic' })

/** [b, c, n p, n p] -> [n n b, c, p, p], row by row. */
export function chessboard(x: Tensor, n: number): Tensor {
  if (n === 1) return x
  const [batch, channels] = x.shape
  const [height, width] = [2, 3].map((axis) => fixedDim('chessboard', x, axis) / n)
  const cut = transpose(reshape(x, [batch, channels, n, height, n, width]), [2, 4, 0, 1, 3, 5])
  return reshape(cut, [mulDim(n * n, batch), channels, height, width])
}

/** The inverse, of maps of squares: [n n b, h w, d] -> [b, n h n w, d], in raster order of the whole. */
export function merged(maps: Tensor, n: number, batch: Dim, rows: number, columns: number): Tensor {
  if (n === 1) return maps
  const width = fixedDim('merged', maps, 2)
  const whole = transpose(reshape(maps, [n, n, batch, rows, columns, width]), [2, 0, 3, 1, 4, 5])
  return reshape(whole, [batch, n * rows * n * columns, width])
}

/** What an output of a scale comes to, [b, special + h w, d]: special tokens are averaged over squares, patches over cells. */
function together({ outputs, grid }: TowerFeatures, at: number, n: number, batch: Dim, special: number): Tensor {
  const { states } = outputs[at]
  if (n === 1) return states
  const { rows, columns } = grid
  const width = fixedDim('multiScale', states, 2)
  const whole = merged(slice(states, 1, special), n, batch, rows, columns)
  const patches = adaptivePool(whole, { rows: n * rows, columns: n * columns }, rows)
  if (special === 0) return patches
  const before = reshape(slice(states, 1, 0, special), [n * n, batch, special, width])
  return concat([mean(before, 0), patches], 1)
}
