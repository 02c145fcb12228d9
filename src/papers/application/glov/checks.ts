/** A search by script, and guidance that is none. */
import { dense } from '../../../pipeline/method/compose.ts'
import { logitChange, look } from '../../reports/asking.ts'
import type { Lab } from '../../reports/lab.ts'
import type { Exact } from '../../reports/row.ts'
import { guidedBy } from './guidance.ts'
import { bestSoFar, extremes, guides, ranked, SLOT, searchPrompts } from './search.ts'

/** Prompts in the order in which a script proposes them, and how good they are. */
const SCRIPT: Readonly<Record<string, number>> = {
  [SLOT]: 0.5,
  [`a ${SLOT}`]: 0.25,
  [`b ${SLOT}`]: 0.75,
  [`c ${SLOT}`]: 0.75,
  [`d ${SLOT}`]: 0.625,
}

export async function* checks(lab: Lab): AsyncGenerator<Exact> {
  const [start, ...others] = Object.keys(SCRIPT)
  const history = await searchPrompts({
    start,
    steps: others.length,
    propose: async (_, step) => [others[step]],
    fitness: async (prompt) => SCRIPT[prompt],
  })
  const best = bestSoFar(history)
  yield {
    name: 'steps at which the best fitness falls',
    value: best.filter((value, at) => value < best[at - 1]).length,
    count: best.length,
  }
  const top = ranked(history)
    .slice(0, 3)
    .map(({ prompt }) => prompt[0])
  yield {
    name: 'best three of a script that are others than b, c, d',
    value: top.filter((name, at) => name !== 'bcd'[at]).length,
  }
  const [plus, minus] = guides(history) ?? ['', '']
  yield {
    name: 'guides that are not the best prompt and one strictly below',
    value: Number(!(SCRIPT[plus] > SCRIPT[minus])),
  }
  const { best: high, worst: low } = extremes(history, 5)
  yield {
    name: 'prompts among the best and the worst at once',
    value: high.filter((tried) => low.includes(tried)).length,
  }
  yield* guidedRows(lab)
}

async function* guidedRows(lab: Lab): AsyncGenerator<Exact> {
  const model = await lab.model()
  const pair = ['look closely.', 'a ring'] as const
  const ask = async (method = dense) => look(model, { prompt: 'say something', method })
  const plain = await ask()
  yield {
    name: 'change of logits by guidance at alpha = 0',
    value: logitChange(await ask(await guidedBy(model, pair, { alpha: 0 })), plain),
  }
  const same = await guidedBy(model, [pair[0], pair[0]])
  yield { name: 'the same by the difference of a prompt to itself', value: logitChange(await ask(same), plain) }
  const guided = await ask(await guidedBy(model, pair))
  yield { name: 'guidance between two prompts that changes nothing', value: Number(logitChange(guided, plain) === 0) }
}
