/** The formulas against figures worked by hand. */
import type { Exact } from '../../reports/row.ts'
import { clipLoss, layerWeights, mmeScore, siglipLoss, vqaAccuracy } from './formulas.ts'

const beyond = (value: number, wanted: number, allowed = 1e-4): number =>
  Math.abs(value - wanted) <= allowed ? 0 : value - wanted

const MATCHED = [
  [1, 0],
  [0, 1],
]
const EQUAL = Array.from({ length: 4 }, () => [1, 1, 1, 1])

export function* checks(): Generator<Exact> {
  yield { name: 'weights of one layer 1024 to 4096: off 4,198,400', value: layerWeights(1024, 4096) - 4_198_400 }
  yield { name: 'of two layers of 4096: off 20,979,712', value: layerWeights(1024, 4096, 4096) - 20_979_712 }
  yield { name: 'loss of CLIP, two matched pairs at scale 1: off 0.3133', value: beyond(clipLoss(MATCHED, 1), 0.3133) }
  yield { name: 'the same where all embeddings are equal: off ln 4', value: beyond(clipLoss(EQUAL, 10), Math.log(4)) }
  yield { name: 'loss of SigLIP, two matched pairs: off 1.0064', value: beyond(siglipLoss(MATCHED, 1, 0), 1.0064) }
  const marks = [true, true, true, true, true, false, true, false]
  const { acc, plus, score } = mmeScore(marks.map((correct, at) => ({ image: String(at >> 1), correct })))
  yield {
    name: 'MME of 6 of 8 right, 2 of 4 images: off 75, 50, 125',
    value: Math.abs(acc - 75) + Math.abs(plus - 50) + Math.abs(score - 125),
  }
  const annotators = ['a', 'a', ...Array.from({ length: 8 }, () => 'b')]
  yield { name: 'VQA accuracy where 2 of 10 agree: off 0.6', value: beyond(vqaAccuracy('a', annotators), 0.6) }
}
