import { causalMask } from '../../../models/language/masks.ts'
import type { DecoderLayer } from '../../../models/language/sequence.ts'
import { attentionWeights } from '../../../nn/index.ts'
import type { PlaceFunctions } from '../../../pipeline/method/method.ts'
import {
  cast,
  concat,
  div,
  greaterEqual,
  mul,
  reshape,
  slice,
  sub,
  subDim,
  sum,
  type Tensor,
} from '../../../tensor/index.ts'
import { ownTag } from './tags.ts'

/**
 * How much the heads of a layer look at visual tokens against all else, summed over all queries but those that only fill a
 * batch up: rho [b, h] = r_v / (r_t + r_s).
 */
export function headRatios({ input, queries, keys, bias, mask, scoring }: DecoderLayer): Tensor {
  const length = input.states.shape[1]
  const hidden = bias ?? mask?.() ?? causalMask(undefined, input)
  const among = slice(hidden, 3, subDim(hidden.shape[3], length)) // of a prompt that is read at once
  const weights = attentionWeights(queries, keys, among, scoring) // [b, h, s, s]
  const isVisual = cast(greaterEqual(ownTag({ input }, 'view'), 0), 'f32')
  const looked = sum(weighRows(weights, input.tags?.segment), 2)
  const share = (of: Tensor) => sum(mul(looked, reshape(of, [of.shape[0], 1, of.shape[1]])), -1)
  return div(share(isVisual), share(sub(1, isVisual)))
}

/** Weights [b, h, s, s] without the rows of slots that are of no segment, where there are segments. */
function weighRows(weights: Tensor, segment: Tensor | undefined): Tensor {
  if (!segment) return weights
  const [batch, length] = segment.shape
  return mul(weights, reshape(cast(greaterEqual(segment, 0), 'f32'), [batch, 1, length, 1]))
}

/** A method that changes nothing and says `headRatios` of all layers for one prompt: head `ratios`, [layers, heads]. */
export const calibration: PlaceFunctions & { readonly name: string } = {
  name: 'yopo-calibration',
  read: { heads: { ratios: ({ layers }) => concat(layers.map(headRatios), 0) } },
}
