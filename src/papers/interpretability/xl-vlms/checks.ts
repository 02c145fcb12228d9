/** Exact invariants of shifts and steering. */

import { dense } from '../../../pipeline/method/compose.ts'
import { Rng } from '../../../world/rng.ts'
import { logitChange, lookUnder, questionsOf } from '../../reports/asking.ts'
import type { Lab } from '../../reports/lab.ts'
import type { Exact } from '../../reports/row.ts'
import { steerBy } from './equip.ts'
import { kMeans } from './k-means.ts'
import { coarseVector, distanceGain, fineVector, matchAtoms, ownersOf, shiftsOf } from './shift.ts'
import { distance, mean, plus, times, type Vector } from './vectors.ts'

const ROUNDING = 1e-9
const CONCEPTS = 4

const beyondRounding = (value: number): number => (value <= ROUNDING ? 0 : value)

export async function* checks(lab: Lab): AsyncGenerator<Exact> {
  yield* workedRows()
  yield* movedRows(lab.seed)
  yield* steeredRows(lab)
}

/** The sheet's example, worked by hand. */
function* workedRows(): Generator<Exact> {
  const before = [
    [1, 0],
    [3, 0],
  ]
  const concepts = { atoms: [[2, 0]], activations: [[1], [1]] }
  const [{ delta, shifted }] = shiftsOf(concepts, before, [
    [1, 2],
    [3, 4],
  ])
  const value = distance(delta, [0, 3]) + distance(shifted, [2, 3])
  yield { name: 'shift of (1,0), (3,0) to (1,2), (3,4): off (0,3), and the concept off (2,3)', value }
}

/** Samples that all move by the same vector. */
function* movedRows(seed: number): Generator<Exact> {
  const rng = Rng.from(seed, 'shift')
  const centres = Array.from({ length: CONCEPTS }, () => Array.from({ length: 6 }, () => 10 * rng.normal()))
  const before = Array.from({ length: 60 }, (_, at) => centres[at % CONCEPTS].map((x) => x + rng.normal()))
  const move = centres[0].map(() => rng.normal())
  const after = before.map((state) => plus(state, move))
  const [concepts, moved] = [kMeans(before, CONCEPTS, seed), kMeans(after, CONCEPTS, seed)]
  const shifts = shiftsOf(concepts, before, after)
  const largest = (of: (shift: (typeof shifts)[number]) => number) => beyondRounding(Math.max(...shifts.map(of)))
  const count = shifts.length
  yield {
    name: 'one move of all samples: shifts that are another vector',
    value: largest(({ delta }) => distance(delta, move)),
    count,
  }
  yield {
    name: 'the same: consistency of the shifts off 1',
    value: largest(({ consistency }) => Math.abs(1 - consistency)),
    count,
  }
  const partners = matchAtoms(
    shifts.map(({ shifted }) => shifted),
    moved.atoms,
  )
  const gain = (at: number) =>
    distanceGain(concepts.atoms[shifts[at].concept], shifts[at].shifted, moved.atoms[partners[at]])
  const worst = Math.max(...shifts.map((_, at) => Math.abs(1 - gain(at))))
  yield {
    name: 'the same: distance to the concepts of the moved samples that is not recovered',
    value: beyondRounding(worst),
    count,
  }
  yield* vectorRows(before, concepts, ownersOf(concepts))
}

function* vectorRows(
  states: readonly Vector[],
  concepts: ReturnType<typeof kMeans>,
  owners: readonly number[],
): Generator<Exact> {
  const groups = [0, 1].map((k) => states.filter((_, at) => owners[at] === k))
  const vector = coarseVector(groups[0], groups[1])
  const off = distance(plus(mean(groups[0]), vector), mean(groups[1]))
  yield { name: 'mean of the source and its vector: off the mean of the target', value: beyondRounding(off) }
  const turned = distance(fineVector(concepts, 0, 1), times(fineVector(concepts, 1, 0), -1))
  yield { name: 'vectors between two concepts there and back: off opposite', value: turned }
  const round = [
    [0, 1],
    [1, 2],
    [2, 0],
  ]
    .map(([i, j]) => fineVector(concepts, i, j))
    .reduce(plus)
  yield {
    name: 'vectors around a cycle of concepts: off zero',
    value: beyondRounding(distance(round, times(round, 0))),
  }
  const means = concepts.atoms.map((atom, k) => distance(atom, mean(states.filter((_, at) => owners[at] === k))))
  yield {
    name: 'centroids: off the mean of what they own',
    value: beyondRounding(Math.max(...means)),
    count: means.length,
  }
}

/** Through the model: no vector and none of it change nothing, to the bit; one that is large changes something. */
async function* steeredRows(lab: Lab): AsyncGenerator<Exact> {
  const [model, questions] = [await lab.model(), await questionsOf(lab)]
  const width = model.parts.architecture.language.hiddenSize
  const rng = Rng.from(lab.seed, 'vector')
  const vector = Array.from({ length: width }, () => rng.normal())
  const changeBy = async (method: ReturnType<typeof steerBy>) => {
    const changes: number[] = []
    for (const question of questions) {
      lab.signal.throwIfAborted()
      changes.push(logitChange(await lookUnder(model, method, question), await lookUnder(model, dense, question)))
    }
    return changes
  }
  const count = questions.length
  const none = await changeBy(steerBy(vector, { alpha: 0, concept: 'none' }))
  yield { name: 'change of logits by a vector that is added 0 times', value: Math.max(...none), count }
  const zero = await changeBy(steerBy(times(vector, 0), { concept: 'zero' }))
  yield { name: 'change of logits by the vector zero', value: Math.max(...zero), count }
  const some = await changeBy(steerBy(vector, { concept: 'some' }))
  yield {
    name: 'questions whose logits a vector does not change',
    value: some.filter((change) => change === 0).length,
    count,
  }
}
