/** How the predictor learns: from relevance of the model's own right answers. */
import { attentionOf, relevanceOf } from '../../../pipeline/explain/relevance.ts'
import type { Method } from '../../../pipeline/method/method.ts'
import {
  and,
  argmax,
  cast,
  concat,
  div,
  equal,
  greater,
  logSoftmax,
  maximum,
  mul,
  pad,
  reshape,
  slice,
  stopGradient,
  subDim,
  sum,
  type Tensor,
  takeAlong,
} from '../../../tensor/index.ts'
import { type DialogueStage, dialogueStage } from '../../../training/dialogue-stage.ts'
import type { TrainingStage } from '../../../training/recipe.ts'
import { instructionAttention } from './instruction-attention.ts'
import { relevanceLoss, relevanceTarget } from './labels.ts'
import { predictor } from './predictor.ts'

const ID = 'explain-compress'

/** The whole sequence is read, and beside it what is predicted of its visual tokens. */
const predicting: Method = {
  name: ID,
  read: {
    heads: {
      predicted: ({ last, layers }, { p }) => predictor(p, instructionAttention({ ...last, ran: layers }, 0, ID)),
    },
  },
}

/** Few words, so that a picture has one question or two: those about one picture share a backward pass. */
export const predictorStage = (): TrainingStage =>
  dialogueStage({
    name: 'predict',
    steps: 300,
    rate: 1e-3,
    text: 32,
    method: predicting,
    further: (read) => ({
      relevance: relevanceLoss(stopGradient(relevanceTarget(relevanceLabels(read))), read.heads.predicted),
    }),
  })

type ReadDialogue = Parameters<NonNullable<DialogueStage['further']>>[0]

/**
 * Relevance of the visual tokens for what the model answers rightly, [b, v]: the target is the log-probability of these
 * tokens, the rows are those that predict them. 0 where it answers nothing rightly.
 */
export function relevanceLabels({ hidden, logits, ofText, ids, weights, layers, last }: ReadDialogue): Tensor {
  const scores = logSoftmax(logits(ofText(hidden)))
  const next = concat([slice(ids, 1, 1), mul(slice(ids, 1, 0, 1), 0)], 1)
  const [batch, text] = ids.shape
  const isRight = cast(and(greater(weights, 0), equal(argmax(scores, 2), next)), 'f32')
  const own = reshape(takeAlong(scores, reshape(next, [batch, text, 1])), [batch, text])
  const row = div(isRight, maximum(sum(isRight, 1, true), 1))
  const whole = pad(row, 1, subDim(last.states.shape[1], text), 0)
  const relevance = relevanceOf(sum(mul(own, isRight)), attentionOf(layers, ID), whole)
  return takeAlong(relevance, last.visual)
}
