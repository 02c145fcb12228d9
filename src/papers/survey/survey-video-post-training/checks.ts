/** Votes, rewards and objectives against figures worked by hand. */
import { Rng } from '../../../world/rng.ts'
import type { Lab } from '../../reports/lab.ts'
import type { Exact } from '../../reports/row.ts'
import { preferenceLoss } from '../../training/stic/preference.ts'
import { advantages, grpoLoss, k3 } from './policy.ts'
import { intervalReward, intervalsReward, numberReward, setReward } from './rewards.ts'
import { majority, majorityAccuracy } from './vote.ts'

const DRAWS = 20_000

const beyond = (value: number, wanted: number, allowed = 1e-4): number =>
  Math.abs(value - wanted) <= allowed ? 0 : value - wanted
const furthest = (values: readonly number[]): number => Math.max(...values.map(Math.abs))

export function* checks({ seed }: Pick<Lab, 'seed'>): Generator<Exact> {
  const A = advantages([2, 1, 1, 0])
  yield {
    name: 'advantages of rewards 2, 1, 1, 0: off 1.2246, 0, 0, -1.2246',
    value: furthest([1.2246, 0, 0, -1.2246].map((wanted, at) => beyond(A[at], wanted, 5e-4))),
  }
  yield { name: 'advantages where all rewards are equal', value: furthest(advantages([1, 1, 1])) }
  yield {
    name: 'divergence at d = 0, 1, -1: off 0, 0.7183, 0.3679',
    value: furthest([k3(-1, -1), beyond(k3(-2, -1), 0.7183), beyond(k3(-1, -2), 0.3679)]),
  }
  const same = { chosen: -12, rejected: -7 }
  yield {
    name: 'loss of preferences before any step: off ln 2',
    value: beyond(preferenceLoss(same, same, { alpha: 0 }), Math.LN2),
  }
  yield { name: 'slope of the loss, one update, no divergence: off that of REINFORCE', value: slopeOff() }
  yield* rewardRows()
  yield* voteRows(Rng.from(seed, 'votes'))
}

/** d L / d log pi of one token by finite differences, against -A / (K T). */
function slopeOff(): number {
  const at = (now: number) => [
    { now: [now, -1], old: [-0.5, -1], reference: [-2, -2], reward: 1 },
    { now: [-0.7, -0.1], old: [-0.7, -0.1], reference: [-2, -2], reward: 0 },
  ]
  const step = 1e-5
  const slope = (grpoLoss(at(-0.5 + step), { beta: 0 }) - grpoLoss(at(-0.5 - step), { beta: 0 })) / (2 * step)
  return beyond(slope, -advantages([1, 0])[0] / 4)
}

function* rewardRows(): Generator<Exact> {
  const off = [
    intervalReward('<answer>from 12 to 14</answer>', [11, 15]) - 0.5,
    intervalReward('<answer>14 to 12</answer>', [11, 15]),
    beyond(
      intervalsReward(
        [
          [0, 3],
          [2, 4],
        ],
        [[1, 5]],
      ),
      3 / 5,
    ),
    intervalsReward([], []) - 1,
    numberReward('3', '3.00'),
    numberReward('3.001', '3.00') - 1,
    setReward(['A'], ['A', 'B']) - 0.5,
    setReward(['A', 'C'], ['A', 'B']),
  ]
  yield { name: 'rewards of worked examples: off', value: furthest(off), count: off.length }
}

/** Independent votes, drawn, against the binomial; and what they come to in closed form. */
function* voteRows(rng: Rng): Generator<Exact> {
  const closed = [
    [0.6, 3, 0.648],
    [0.6, 5, 0.683],
    [0.4, 3, 0.352],
    [0.4, 5, 0.317],
  ]
  yield {
    name: 'a majority of 3 and 5 votes at 0.6 and 0.4: off 0.648, 0.683, 0.352, 0.317',
    value: furthest(closed.map(([p, n, wanted]) => beyond(majorityAccuracy(p, n), wanted, 5e-4))),
  }
  let right = 0
  for (let at = 0; at < DRAWS; at++) {
    const votes = Array.from({ length: 5 }, () => (rng.float(0, 1) < 0.6 ? 'right' : 'wrong'))
    right += Number(votes[majority(votes)!] === 'right')
  }
  yield {
    name: 'majorities of 5 drawn votes at 0.6: off by more than 0.01',
    value: beyond(right / DRAWS, majorityAccuracy(0.6, 5), 0.01),
    count: DRAWS,
  }
}
