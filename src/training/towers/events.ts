import { mean, mul, softplus, sub, type Tensor } from '../../tensor/index.ts'

/** Cross entropy of independent yes and no: log(1 + e^x) - x y, the mean over all of logits x and truths y. */
export const binaryCrossEntropy = (logits: Tensor, truths: Tensor): Tensor =>
  mean(sub(softplus(logits), mul(logits, truths)))

/** Times, cut evenly into so many slots: 1 for those that a stretch of [from, to) has a part in. */
export function slotsOf(from: number, to: number, length: number, slots: number): number[] {
  return Array.from({ length: slots }, (_, slot) => {
    const [start, end] = [(slot * length) / slots, ((slot + 1) * length) / slots]
    return Number(from < end && to > start)
  })
}
