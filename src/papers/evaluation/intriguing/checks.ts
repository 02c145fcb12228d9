/** Exact invariants of the probes. */
import { dense } from '../../../pipeline/method/compose.ts'
import { Rng } from '../../../world/rng.ts'
import { logitChange, lookUnder, questionsOf } from '../../reports/asking.ts'
import type { Lab } from '../../reports/lab.ts'
import type { Exact } from '../../reports/row.ts'
import { mutualNeighbours, occlude, shuffleGrid } from './pixel-probes.ts'
import { importance, informationLoss, noisy, onlyGroup, unpermuted } from './token-probes.ts'

export async function* checks(lab: Lab): AsyncGenerator<Exact> {
  yield* formulaRows(lab.seed)
  const [model, questions] = [await lab.model(), await questionsOf(lab)]
  const nothing = {
    'the order that tokens have': unpermuted,
    'one group of all tokens': onlyGroup(0, 1),
    'noise of no width': noisy({ layer: 0, at: 'all', seed: lab.seed, form: 'centred', width: 0 }),
  }
  for (const [name, method] of Object.entries(nothing)) {
    const changes: number[] = []
    for (const question of questions) {
      lab.signal.throwIfAborted()
      changes.push(logitChange(await lookUnder(model, method, question), await lookUnder(model, dense, question)))
    }
    yield { name: `${name}: change of logits`, value: Math.max(...changes), count: changes.length }
  }
}

function* formulaRows(seed: number): Generator<Exact> {
  const rng = Rng.from(seed, 'neighbours')
  const draw = () => Array.from({ length: 60 }, () => Array.from({ length: 16 }, () => rng.normal()))
  const [a, b] = [draw(), draw()]
  yield { name: 'neighbours that features do not share with themselves', value: 1 - mutualNeighbours(a, a, 10) }
  const turned = a.map((row) => row.map((_, at) => (at % 2 ? -1 : 1) * row[row.length - 1 - at]))
  yield { name: 'the same with features that are turned', value: 1 - mutualNeighbours(a, turned, 10) }
  const chance = Math.abs(mutualNeighbours(a, b, 10) - 10 / 59)
  yield { name: 'the same with independent features: off k / (n - 1)', value: chance < 0.06 ? 0 : chance }
  yield { name: 'loss of all groups together', value: informationLoss(0.5, [0.5]).loss[0] }
  const scores = [0.1, 0.4, 0.3]
  const rises = scores.filter(
    (_, at) => at > 0 && importance(0.5, scores.slice(0, at + 1)) > importance(0.5, scores.slice(0, at)),
  )
  yield { name: 'further samples of noise that raise the importance', value: rises.length }
  const image = { width: 6, height: 6, data: Uint8Array.from({ length: 108 }, (_, at) => at + 1) }
  const sum = (data: Uint8Array) => data.reduce((all, x) => all + x, 0)
  yield { name: 'values that a shuffled grid loses', value: sum(image.data) - sum(shuffleGrid(image, 3, rng).data) }
  const hide = (ratio: number) => occlude(image, 3, ratio, 'random', { rng, salience: [] })
  yield { name: 'values that no occlusion hides', value: sum(image.data) - sum(hide(0).data) }
  yield { name: 'values left of an image that is hidden', value: sum(hide(1).data) }
}
