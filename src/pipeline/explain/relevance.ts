/** What an answer rested on: attention weighed by its gradients, rolled out over the layers. */
import type { DecoderLayer } from '../../models/language/sequence.ts'
import { add, grad, matmul, maximum, mean, mul, reshape, type Tensor } from '../../tensor/index.ts'
import { methodError } from '../method/method-error.ts'

/** Attention of every layer written out, [b, h, s, s]. Throws FoveaError `method_unfit` where a model fuses it for good. */
export const attentionOf = (layers: readonly DecoderLayer[], by: string): Tensor[] =>
  layers.map(({ attention }, layer) => {
    if (attention) return attention()
    throw methodError(`${by} reads attention of layer ${layer}, which this model does not write out`)
  })

/**
 * One row of R = (I + A_L) ... (I + A_1), where A = mean over heads of max(A * G, 0) and G is the gradient of `target` with
 * respect to the weights of attention (equation 2; Chefer et al. 2021). Rows of one batch do not touch each other.
 * @param target scalar: the score of what was answered
 * @param attention of each layer, first to last, [b, h, s, s]; it must be what the target was computed from
 * @param row which rows of R are meant, as weights that add up to 1: [b, s]
 * @returns relevance of every slot, [b, s]
 */
export function relevanceOf(target: Tensor, attention: readonly Tensor[], row: Tensor): Tensor {
  const gradients = grad(target, attention)
  return rolledOut(
    attention.map((weights, layer) => mean(maximum(mul(weights, gradients[layer]), 0), 1)),
    row,
  )
}

/** row (I + A_L) ... (I + A_1), taken from the left, so that no product of matrices is needed: A [b, s, s], row [b, s]. */
export function rolledOut(layers: readonly Tensor[], row: Tensor): Tensor {
  const [batch, length] = row.shape
  const start = reshape(row, [batch, 1, length])
  const found = layers.reduceRight((relevance, layer) => add(relevance, matmul(relevance, layer)), start)
  return reshape(found, [batch, length])
}

/**
 * Relevance for an answer of several tokens: the mean over its steps, each with the gradients of its own score.
 * @param steps score of each token, scalars, and the row that predicts it
 */
export function meanRelevance(
  steps: readonly { readonly target: Tensor; readonly row: Tensor }[],
  attention: readonly Tensor[],
): Tensor {
  const each = steps.map(({ target, row }) => relevanceOf(target, attention, row))
  const [first, ...others] = each
  return mul(others.reduce(add, first), 1 / each.length)
}
