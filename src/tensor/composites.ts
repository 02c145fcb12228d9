/** Functions of ops: what needs no ONNX rule of its own. */
import { type Dim, formatShape, mulDim, product, type Shape } from './dims.ts'
import { add, div, exp, log, maximum, mul, neg, sqrt, sub } from './ops/arithmetic.ts'
import { expand, reshape, sum } from './ops/broadcast.ts'
import { takeAlong, topK } from './ops/indexing.ts'
import { transpose } from './ops/layout.ts'
import { stopGradient } from './ops/logic.ts'
import { matmul } from './ops/matmul.ts'
import { logSoftmax, max, mean } from './ops/reduce.ts'
import { ShapeError, type Tensor, wrapAxis } from './tensor.ts'

/** log sum exp(x) over one axis, without overflow. */
export function logsumexp(x: Tensor, axis = -1, keep = false): Tensor {
  // The shift cancels out, so its gradient does too.
  const top = stopGradient(max(x, axis, true))
  const shifted = log(sum(exp(sub(x, top)), axis, keep))
  return add(shifted, keep ? top : reshape(top, shifted.shape))
}

/** Indices (i64) that sort the last axis, ascending unless `descending`; equal values keep their order. */
export const argsort = (x: Tensor, { descending = false } = {}): Tensor =>
  topK(x, x.shape.at(-1)!, { largest: descending })

/** The last axis in order, ascending unless `descending`. */
export const sort = (x: Tensor, options?: { descending?: boolean }): Tensor => takeAlong(x, argsort(x, options))

/** `repeats[axis]` copies of the tensor along each axis; repeats may be named dims. */
export function tile(x: Tensor, repeats: Shape): Tensor {
  if (repeats.length !== x.shape.length)
    throw new ShapeError('tile', `${formatShape(repeats)} needs one count per axis`, [x])
  const apart = x.shape.flatMap((dim): Dim[] => [1, dim])
  const copied = x.shape.flatMap((dim, axis): Dim[] => [repeats[axis], dim])
  const target = x.shape.map((dim, axis) => mulDim(dim, repeats[axis]))
  return reshape(expand(reshape(x, apart), copied), target)
}

/** Batch normalisation of [n, c, ...] with fixed statistics [c]: (x - mean) / sqrt(variance + eps) * scale + shift. */
export function batchNorm(
  x: Tensor,
  statistics: { readonly mean: Tensor; readonly variance: Tensor; readonly scale: Tensor; readonly shift: Tensor },
  epsilon = 1e-5,
): Tensor {
  const { mean: mu, variance, scale, shift } = statistics
  const operands = [mu, variance, scale, shift]
  if (x.shape.length < 2 || operands.some((t) => t.shape.length !== 1 || t.shape[0] !== x.shape[1]))
    throw new ShapeError('batchNorm', 'statistics must have the size of axis 1', [x, ...operands])
  // Folded first: one multiplication and one addition per element.
  const factor = div(scale, sqrt(add(variance, epsilon)))
  const offset = sub(shift, mul(mu, factor))
  const wide = [x.shape[1], ...x.shape.slice(2).map(() => 1)]
  return add(mul(x, reshape(factor, wide)), reshape(offset, wide))
}

/** Below every sum of weights that is not 0. */
const LEAST_WEIGHT = 1e-12

/** sum(x w) / sum(w), 0 where all weights are 0. */
export const weightedMean = (x: Tensor, weights: Tensor): Tensor =>
  div(sum(mul(x, weights)), maximum(sum(weights), LEAST_WEIGHT))

/**
 * Mean of -log p(target) over logits [..., v] and targets [...] (i64). With `weights` [...] the mean is weighted, so
 * that 0 leaves a position out; it is 0 where all weights are.
 */
export function crossEntropy(logits: Tensor, targets: Tensor, { weights }: { weights?: Tensor } = {}): Tensor {
  const positions = logits.shape.slice(0, -1)
  if (targets.shape.join() !== positions.join() || (weights && weights.shape.join() !== positions.join()))
    throw new ShapeError('crossEntropy', `targets and weights must be ${formatShape(positions)}`, [
      logits,
      targets,
      ...(weights ? [weights] : []),
    ])
  const picked = takeAlong(logSoftmax(logits), reshape(targets, [...positions, 1]))
  const losses = neg(reshape(picked, positions))
  return weights ? weightedMean(losses, weights) : mean(losses)
}

/**
 * Sum over pairs of axes, contract(a, b, [[i, j], ...]): axis i of a meets axis j of b. The result has a's other axes,
 * then b's. One matrix product, whatever the axes.
 */
export function contract(a: Tensor, b: Tensor, pairs: readonly (readonly [number, number])[]): Tensor {
  const [inA, inB] = [pairs.map(([i]) => wrapAxis('contract', a, i)), pairs.map(([, j]) => wrapAxis('contract', b, j))]
  if (inA.some((axis, at) => a.shape[axis] !== b.shape[inB[at]]))
    throw new ShapeError('contract', `axes ${inA} and ${inB} differ in size`, [a, b])
  const restOf = (x: Tensor, used: readonly number[]) =>
    x.shape.map((_, axis) => axis).filter((axis) => !used.includes(axis))
  const [restA, restB] = [restOf(a, inA), restOf(b, inB)]
  const inner = product(inA.map((axis) => a.shape[axis]))
  const [outerA, outerB] = [restA.map((axis) => a.shape[axis]), restB.map((axis) => b.shape[axis])]
  const left = reshape(transpose(a, [...restA, ...inA]), [product(outerA), inner])
  const right = reshape(transpose(b, [...inB, ...restB]), [inner, product(outerB)])
  return reshape(matmul(left, right), [...outerA, ...outerB])
}
