import type { Architecture } from '../../models/family.ts'
import { linear, rmsNormed, type Scope } from '../../nn/index.ts'
import { type Pictures, see } from '../../pipeline/flow/see.ts'
import { dense } from '../../pipeline/method/compose.ts'
import type { Method } from '../../pipeline/method/method.ts'
import {
  abs,
  add,
  input,
  mean,
  mul,
  reshape,
  slice,
  stopGradient,
  sub,
  type Tensor,
  weightedMean,
} from '../../tensor/index.ts'
import { readDialogue } from '../dialogue.ts'
import { joinViews } from '../opening.ts'
import { denseLosses, nameLabels } from './dense.ts'
import { lookingLoss } from './looking.ts'
import { namingLosses, type Vocabulary } from './naming.ts'
import type { Part } from './parts.ts'

const patchCount = ({ vision: { viewSize, patchSize } }: Architecture): number => (viewSize / patchSize) ** 2

const pixelsOf = ({ vision: { viewSize } }: Architecture, count: number, of = ''): Tensor =>
  input(`${of}pixels`, [count, 3, viewSize, viewSize])

/** First stage: the vision encoder alone, on what the World knows about every patch. */
export function visionLosses(p: Scope, architecture: Architecture, batch: number): Record<string, Tensor> {
  const { layers } = architecture.vision.encode(p, pixelsOf(architecture, batch))
  return denseLosses(p.at('dense'), layers[layers.length - 1].hidden, batch, patchCount(architecture))
}

/** Second stage: the whole model on questions and answers, kind by kind; what the kinds share is summed. */
export function lessonLosses(
  p: Scope,
  architecture: Architecture,
  parts: readonly Part[],
  vocabulary: Vocabulary,
  method: Method = dense,
): Record<string, Tensor> {
  const losses: Record<string, Tensor> = {}
  const note = (name: string, loss: Tensor) => {
    losses[name] = losses[name] ? add(losses[name], loss) : loss
  }
  for (const part of parts) {
    const of = `${part.name}.`
    const pictures = picturesOf(p, architecture, part, of)
    const seen = see(p, architecture, method, pictures)
    const written = [...(part.marks ?? Array.from({ length: part.views }, () => '')).map(vocabulary.encode), []]
    const shape = { batch: part.batch, text: part.text, written, of }
    const { answer, layers, hidden, logits, ofText } = readDialogue(
      p,
      architecture,
      method,
      joinViews(seen, part.views),
      shape,
    )
    note(part.name, answer)
    const evidence = Math.floor(layers.length * EVIDENCE_DEPTH)
    const found = ofText(layers[evidence].input.states)
    if (part.views === 1) {
      note('place', placeLoss(p.at('dense', 'evidence'), found, of))
      note('look', mul(lookingLoss(layers, evidence, part.text, of), LOOKING_WEIGHT))
    }
    if (part.marks) {
      note('path', placeLoss(p.at('dense', 'path'), found, of))
      note('time', timeLoss(p.at('dense', 'time'), found, of))
    }
    if (part.views > 1 || !part.trainsVision) continue
    const last = seen.vision.layers[seen.vision.layers.length - 1].hidden
    const known = denseLosses(p.at('dense'), last, part.batch, patchCount(architecture), of)
    for (const [name, loss] of Object.entries(known)) note(name, mul(loss, DENSE_WEIGHT))
    const label = nameLabels(part.batch, patchCount(architecture), of)
    const shown = { tokens: seen.states, hidden: slice(hidden, 1, 0, patchCount(architecture)), label }
    const naming = namingLosses(p, architecture, shown, logits, vocabulary)
    for (const [name, loss] of Object.entries(naming)) note(name, mul(loss, NAMING_WEIGHT))
  }
  return losses
}

/** The pictures of a part; where the encoder does not learn from them, as it leaves them. */
function picturesOf(
  p: Scope,
  architecture: Architecture,
  { batch, views, pool, trainsVision }: Part,
  of: string,
): Pictures {
  const pixels = pixelsOf(architecture, batch * views, of)
  if (trainsVision) return { pixels, pool }
  const features = architecture.vision.encode(p, pixels)
  return { features: { ...features, patches: stopGradient(features.patches) }, pool }
}

/** How much the patch labels still count once there are questions. */
const DENSE_WEIGHT = 0.1

/** How much it counts that visual tokens mean the names of what they show. */
const NAMING_WEIGHT = 0.3

/** How much it counts where heads look. */
const LOOKING_WEIGHT = 0.4

/** After this share of the decoder's layers a question has found what it asks about; the others compare and speak. */
const EVIDENCE_DEPTH = 0.6

/**
 * Where the objects of a question are, read from the last token of the question: states [b, text, d]. Answers alone say
 * it too, but one bit at a time: a relation stays at chance without this.
 */
function placeLoss(p: Scope, states: Tensor, of: string): Tensor {
  const [batch, text] = states.shape
  const normed = rmsNormed(p.at('norm'), states, 1e-6)
  const found = reshape(linear(p, normed, 8), [batch, text, 2, 4])
  const boxes = reshape(input(`${of}places`, [batch, text, 8]), [batch, text, 2, 4])
  return mul(weightedMean(mean(abs(sub(found, boxes)), -1), input(`${of}pointed`, [batch, text, 2])), 4)
}

/** When what a question asks about begins and ends, in shares of the film, read from the same token. */
function timeLoss(p: Scope, states: Tensor, of: string): Tensor {
  const [batch, text] = states.shape
  const found = linear(p, rmsNormed(p.at('norm'), states, 1e-6), 2)
  const errors = mean(abs(sub(found, input(`${of}times`, [batch, text, 2]))), -1)
  return mul(weightedMean(errors, input(`${of}timed`, [batch, text])), 4)
}
