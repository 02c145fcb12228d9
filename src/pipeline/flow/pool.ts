import type { Grid } from '../../models/vision-side.ts'
import { constant, expand, fixedDim, mean, reshape } from '../../tensor/index.ts'
import { methodError } from '../method/method-error.ts'
import { connectorOf, lastMethod, meanSignals, regroup, type VisualTokens } from '../method/visual-tokens.ts'

/**
 * Squares of `stride` x `stride` patches, each as its mean, before the connector: [b, n, d] -> [b, n / stride^2, d]. Frames of
 * videos come so (LLaVA-NeXT-Video, `spatial_pool_stride`). Patches that a method chose are left as they are: it has
 * decided how many tokens there are.
 */
export function poolPatches(tokens: VisualTokens, stride: number, model: string): VisualTokens {
  if (stride === 1 || lastMethod(tokens)) return tokens
  const { rows, columns } = tokens.vision.grid
  const [down, across] = [rows / stride, columns / stride]
  if (!Number.isInteger(down) || !Number.isInteger(across))
    throw methodError(
      `${model} pools ${stride} x ${stride} patches, which ${rows} x ${columns} patches cannot be cut into`,
    )
  const [batch, , width] = tokens.states.shape
  const count = down * across
  const squares = reshape(tokens.states, [batch, down, stride, across, stride, width])
  const states = reshape(mean(squares, [2, 4]), [batch, count, width])
  const patches = fixedDim('pool', tokens.owner, 1)
  const assignment = expand(constant(cellOfPatches({ rows, columns }, stride), [1, patches], 'i64'), [batch, patches])
  const pooled = regroup(tokens, states, assignment, connectorOf(model))
  return { ...pooled, signals: meanSignals(tokens.signals, assignment, count) }
}

const cellOfPatches = ({ rows, columns }: Grid, stride: number): number[] =>
  Array.from({ length: rows * columns }, (_, patch) => {
    const [row, column] = [Math.floor(patch / columns), patch % columns]
    return Math.floor(row / stride) * (columns / stride) + Math.floor(column / stride)
  })
