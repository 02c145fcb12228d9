/** What the predictor is trained to say, and how far it is from that. */
import {
  argsort,
  cast,
  div,
  fixedDim,
  greater,
  less,
  log,
  logSoftmax,
  maximum,
  mean,
  mul,
  select,
  sub,
  sum,
  type Tensor,
} from '../../../tensor/index.ts'

const LEAST = 1e-12

/** R*: the lower half of the relevance is 0, the rest adds up to 1; alike everywhere where there is none. [b, v] */
export function relevanceTarget(relevance: Tensor): Tensor {
  const count = fixedDim('relevance', relevance, 1)
  const rank = argsort(argsort(relevance, { descending: true }))
  const upper = mul(relevance, cast(less(rank, count - Math.floor(count / 2)), 'f32'))
  const total = sum(upper, 1, true)
  const isThere = greater(total, LEAST)
  return select(isThere, div(upper, select(isThere, total, 1)), 1 / count)
}

/** KL(R* || softmax of the logits), the mean over a batch: sum R* log(R* / R~). */
export function relevanceLoss(target: Tensor, logits: Tensor): Tensor {
  const each = mul(target, sub(log(maximum(target, LEAST)), logSoftmax(logits)))
  return mean(sum(each, 1))
}
