/** How CoVLM is trained: on captions that say where things are, with boxes that are known. */
import type { Architecture } from '../../../models/family.ts'
import type { Scope } from '../../../nn/index.ts'
import { compose } from '../../../pipeline/method/compose.ts'
import { idOf, type Method } from '../../../pipeline/method/method.ts'
import { gatherRows } from '../../../pipeline/method/rows.ts'
import {
  add,
  cast,
  concat,
  crossEntropy,
  equal,
  expand,
  gather,
  greaterEqual,
  input,
  matmul,
  maximum,
  mul,
  reshape,
  select,
  sub,
  type Tensor,
} from '../../../tensor/index.ts'
import { readKept } from '../../../training/dialogue.ts'
import { bankOf } from '../../../training/dialogue-stage.ts'
import { adamw } from '../../../training/optimizers.ts'
import { ownWeights, type TrainingData, type TrainingStage } from '../../../training/recipe.ts'
import { warmupStableDecay } from '../../../training/schedules.ts'
import { Rng } from '../../../world/index.ts'
import { captionBatch, captioned, captionOf, KINDS, SHAPE } from './batch.ts'
import { detectionLoss } from './detection-loss.ts'
import { detector } from './detector.ts'
import { gridSide } from './grid.ts'
import { wordLogits, wordTable } from './words.ts'

/** What the detector's loss counts beside that of captions. */
const DETECTION = 0.025

/** A stage that trains words, detector and language model of a method on captions whose boxes are known. */
export function groundingStage(given: Method, width: number): TrainingStage {
  const method = compose(given)
  const steps = 400
  const losses: TrainingStage['losses'] = (p, architecture, encode) =>
    groundingLosses(p, { architecture, encode, method, width })
  return {
    name: 'ground',
    steps,
    rate: 1e-3,
    batch: SHAPE.batch,
    schedule: warmupStableDecay(30, 0.4),
    trains: ownWeights,
    optimizer: () => adamw(),
    losses,
    batches: async (data) => {
      const bank = await bankOf(data, method, losses)
      const scenes = captioned(bank, data)
      return (step) => {
        const rng = Rng.from(data.seed, 'covlm', step)
        const chosen = Array.from({ length: SHAPE.batch }, () => rng.pick(scenes))
        const captions = chosen.map((index) => captionOf(bank, index, rng, data))
        return { ...bank.features(chosen), ...captionBatch(captions, data.architecture) }
      }
    },
  }
}

interface Grounding extends Pick<TrainingData, 'architecture' | 'encode'> {
  readonly method: Method
  readonly width: number
}

function groundingLosses(p: Scope, { architecture, encode, method, width }: Grounding): Record<string, Tensor> {
  const { batch, text, looks } = SHAPE
  const [own, grid] = [p.at('method', idOf(method)), gridSide(architecture)]
  let E: Tensor | undefined
  const read = readKept(p, architecture, method, {
    batch,
    text,
    encode,
    embed: (ids, { states }) => {
      E = states
      return captionEmbeddings(p, own, architecture, ids, states)
    },
  })
  const hidden = read.ofText(read.hidden)
  const said = concat([read.logits(hidden), wordLogits(own.at('says'), hidden)], -1)
  const targets = input('targets', [batch, text], 'i64')
  const caption = crossEntropy(said, targets, { weights: input('weights', [batch, text]) })
  const cells = grid * grid
  const d = hidden.shape[2]
  const h = reshape(gatherRows(hidden, input('lookSlots', [batch, looks], 'i64')), [batch * looks, d])
  const maps = reshape(expand(reshape(E!, [batch, 1, cells, d]), [batch, looks, cells, d]), [batch * looks, cells, d])
  return { caption, boxes: mul(boxLoss(detector(own, maps, h, { grid, width }), grid), DETECTION) }
}

/** The losses of looks at what was named, and of those at what comes next, each by itself. */
function boxLoss(said: Tensor, grid: number): Tensor {
  const { batch, looks, boxes } = SHAPE
  const maps = batch * looks
  const truths = {
    boxes: input('trueBoxes', [maps, boxes, 4]),
    real: input('realBoxes', [maps, boxes]),
    zone: input('zones', [maps, boxes, grid * grid]),
  }
  const kinds = input('lookKinds', [maps], 'i64')
  const of = (kind: number) => detectionLoss(said, truths, grid, cast(equal(kinds, kind), 'f32'))
  return add(of(KINDS.visual), of(KINDS.previsual))
}

/** Tokens, words of CoVLM's own, and means of E in the regions of a caption: ids [b, t] -> [b, t, d]. */
function captionEmbeddings(p: Scope, own: Scope, architecture: Architecture, ids: Tensor, E: Tensor): Tensor {
  const { batch, text, regions } = SHAPE
  const { vocabulary } = architecture.language
  const wide = (condition: Tensor) => reshape(condition, [batch, text, 1])
  const word = sub(ids, vocabulary)
  const isWord = greaterEqual(word, 0)
  const known = architecture.language.embed(p, select(isWord, 0, ids))
  const said = select(wide(isWord), gather(wordTable(own, architecture), maximum(word, 0)), known)
  const means = matmul(input('regions', [batch, regions, E.shape[1]]), E)
  const regionOf = input('regionOf', [batch, text], 'i64')
  return select(wide(greaterEqual(regionOf, 0)), gatherRows(means, maximum(regionOf, 0)), said)
}
