import { connect, encodeImage, type LlavaConfig, languageModel, selectFeatures } from '../../models/vlm/llava.ts'
import { linear, rmsNormed, type Scope } from '../../nn/index.ts'
import {
  abs,
  and,
  arange,
  cast,
  concat,
  constant,
  crossEntropy,
  equal,
  greaterEqual,
  input,
  mean,
  mul,
  or,
  reshape,
  select,
  slice,
  sub,
  type Tensor,
  weightedMean,
} from '../../tensor/index.ts'
import { denseLosses } from './dense.ts'

export interface BatchShape {
  readonly batch: number
  /** Text tokens per image. */
  readonly text: number
}

const patchCount = ({ vision_config: { image_size, patch_size } }: LlavaConfig): number =>
  (image_size / patch_size) ** 2

const pixelsOf = ({ vision_config: { image_size } }: LlavaConfig, batch: number): Tensor =>
  input('pixels', [batch, 3, image_size, image_size])

/** First stage: the vision encoder alone, on what the World knows about every patch. */
export function visionLosses(p: Scope, config: LlavaConfig, { batch }: BatchShape): Record<string, Tensor> {
  const { hiddenStates } = encodeImage(p, config, pixelsOf(config, batch))
  return denseLosses(p.at('dense'), hiddenStates.at(-1)!, batch, patchCount(config))
}

/**
 * Second stage: the whole model on questions and answers. All questions about an image share one sequence; each is a
 * segment that sees the image and itself only, at the positions it would have alone.
 */
export function dialogueLosses(p: Scope, config: LlavaConfig, shape: BatchShape): Record<string, Tensor> {
  const { batch, text } = shape
  const features = encodeImage(p, config, pixelsOf(config, batch))
  const visual = connect(p, config, selectFeatures(config, features))
  const ids = input('ids', [batch, text], 'i64')
  const language = languageModel(config)
  const embeds = language.embed(p, ids)

  const n = patchCount(config)
  const states = concat([visual, embeds], 1)
  const visualPositions = mul(constant(new Float32Array(batch).fill(1), [batch, 1]), cast(arange(n), 'f32'))
  const positions = concat([visualPositions, input('positions', [batch, text])], 1)
  const mask = segmentMask(input('segments', [batch, n + text], 'i64'), batch, n + text)
  const { hidden, inputs } = language.decode(p, { states, positions }, { mask: () => mask })

  const logits = language.logits(p, slice(hidden, 1, n))
  const weights = input('weights', [batch, text])
  const answer = crossEntropy(logits, input('targets', [batch, text], 'i64'), { weights })
  const dense = denseLosses(p.at('dense'), features.hiddenStates.at(-1)!, batch, n)
  const evidence = evidenceLoss(
    p.at('dense', 'evidence'),
    slice(inputs[Math.floor(inputs.length * EVIDENCE_DEPTH)].states, 1, n),
  )
  return {
    answer,
    evidence,
    ...Object.fromEntries(Object.entries(dense).map(([name, loss]) => [name, mul(loss, DENSE_WEIGHT)])),
  }
}

/** How much the patch labels still count once there are questions. */
const DENSE_WEIGHT = 0.1

/** After this share of the decoder's layers a question has found what it asks about; the others compare and speak. */
const EVIDENCE_DEPTH = 0.6

/**
 * Where the objects of a question are, read from the last token of the question: states [b, text, d]. Answers alone say
 * it too, but one bit at a time: a relation stays at chance without this.
 */
function evidenceLoss(p: Scope, states: Tensor): Tensor {
  const [batch, text] = states.shape
  const normed = rmsNormed(p.at('norm'), states, 1e-6)
  const found = reshape(linear(p, normed, 8), [batch, text, 2, 4])
  const boxes = reshape(input('places', [batch, text, 8]), [batch, text, 2, 4])
  return mul(weightedMean(mean(abs(sub(found, boxes)), -1), input('pointed', [batch, text, 2])), 4)
}

/** Causal, within a segment or back to segment 0 (the image): [b, 1, s, s]. */
function segmentMask(segments: Tensor, batch: number, length: number): Tensor {
  const order = arange(length)
  const causal = greaterEqual(reshape(order, [length, 1]), reshape(order, [1, length]))
  const [queries, keys] = [reshape(segments, [batch, 1, length, 1]), reshape(segments, [batch, 1, 1, length])]
  return select(and(causal, or(equal(queries, keys), equal(keys, 0))), 0, -1e9)
}
