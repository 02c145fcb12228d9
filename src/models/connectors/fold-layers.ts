import { constant, fixedDim, matmul, mean, reshape, type Tensor, transpose } from '../../tensor/index.ts'
import type { Grid, VisionLayer } from '../vision-side.ts'

interface Folding {
  readonly grid: Grid
  /** Patches along a side of a token. */
  readonly scale: number
  /** Tokens before the patches, which stay as they are. */
  readonly special: number
}

/**
 * What layers computed for special tokens and patches, for special tokens and the tokens that squares of patches become:
 * states and keys averaged, attention to a token summed.
 */
export function foldLayers(layers: readonly VisionLayer[], { grid, scale, special }: Folding): VisionLayer[] {
  const { rows, columns } = grid
  const [across, patches] = [columns / scale, rows * columns]
  const [from, to] = [special + patches, special + patches / (scale * scale)]
  const members = new Float32Array(to * from)
  for (let token = 0; token < special; token++) members[token * from + token] = 1
  for (let patch = 0; patch < patches; patch++) {
    const [row, column] = [Math.floor(patch / columns), patch % columns]
    const token = Math.floor(row / scale) * across + Math.floor(column / scale)
    members[(special + token) * from + special + patch] = 1
  }
  const sums = constant(members, [to, from])
  const shares = members.map((value, at) => (at < special * from ? value : value / (scale * scale)))
  const means = constant(shares, [to, from])
  return layers.map(({ input, hidden, keys, attention, logits }) => ({
    input,
    hidden: matmul(means, hidden),
    keys: matmul(means, keys),
    attention: matmul(matmul(means, attention), transpose(sums)),
    logits: matmul(matmul(means, logits), transpose(means)),
  }))
}

/** Means over squares of scale x scale patches: [b, n, d] -> [b, n / scale^2, d]. */
export function averagePatches(patches: Tensor, { rows, columns }: Grid, scale: number): Tensor {
  const [batch] = patches.shape
  const width = fixedDim('averagePatches', patches, 2)
  const [down, across] = [rows / scale, columns / scale]
  const cells = reshape(patches, [batch, down, scale, across, scale, width])
  return reshape(mean(mean(cells, 4), 2), [batch, down * across, width])
}
