import type { Architecture } from '../../models/family.ts'
import { linear, rmsNormed, type Scope } from '../../nn/index.ts'
import { see } from '../../pipeline/flow/see.ts'
import { dense } from '../../pipeline/method/compose.ts'
import type { Method } from '../../pipeline/method/method.ts'
import { abs, input, mean, mul, reshape, sub, type Tensor, weightedMean } from '../../tensor/index.ts'
import { type BatchShape, readDialogue } from '../dialogue.ts'
import { denseLosses } from './dense.ts'

const patchCount = ({ vision: { viewSize, patchSize } }: Architecture): number => (viewSize / patchSize) ** 2

const pixelsOf = ({ vision: { viewSize } }: Architecture, batch: number): Tensor =>
  input('pixels', [batch, 3, viewSize, viewSize])

/** First stage: the vision encoder alone, on what the World knows about every patch. */
export function visionLosses(p: Scope, architecture: Architecture, { batch }: BatchShape): Record<string, Tensor> {
  const { layers } = architecture.vision.encode(p, pixelsOf(architecture, batch))
  return denseLosses(p.at('dense'), layers[layers.length - 1].hidden, batch, patchCount(architecture))
}

/**
 * Second stage: the whole model on questions and answers. All questions about an image share one sequence; each is a
 * segment that sees the image and itself only, at the positions it would have alone.
 */
export function dialogueLosses(
  p: Scope,
  architecture: Architecture,
  { batch, text }: BatchShape,
  method: Method = dense,
): Record<string, Tensor> {
  const seen = see(p, architecture, method, { pixels: pixelsOf(architecture, batch) })
  const { answer, layers, ofText } = readDialogue(p, architecture, method, seen, { batch, text })
  const { vision } = seen
  const last = vision.layers[vision.layers.length - 1].hidden
  const labels = Object.entries(denseLosses(p.at('dense'), last, batch, patchCount(architecture)))
  const found = layers[Math.floor(layers.length * EVIDENCE_DEPTH)].input.states
  return {
    answer,
    evidence: evidenceLoss(p.at('dense', 'evidence'), ofText(found)),
    ...Object.fromEntries(labels.map(([name, loss]) => [name, mul(loss, DENSE_WEIGHT)])),
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
