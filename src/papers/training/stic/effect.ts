/** What a description of its own is worth to an answer, and what it costs. */
import { dense } from '../../../pipeline/method/compose.ts'
import { TASK_IDS } from '../../../world/index.ts'
import { pointsRow, shareOf, unmeasured } from '../../reports/figures.ts'
import type { Lab } from '../../reports/lab.ts'
import type { Row } from '../../reports/row.ts'
import { describeAndRespond, describeOptions } from './describe.ts'

const OWED = {
  'preference tuning on own descriptions': 'its loss is written and tested, its training is not built',
  'describe and respond after that tuning': 'it needs the tuned model; the paper claims the gain for that',
}

export async function* effect(lab: Lab): AsyncGenerator<Row> {
  const tasks = lab.quick ? TASK_IDS.slice(0, 2) : TASK_IDS
  const method = { name: 'stic:describe first', ...describeAndRespond(describeOptions.parse({})) }
  const [whole, described] = await lab.evaluate([{ method: dense }, { method }], tasks)
  yield shareOf(lab, 'accuracy, described first', [described], { name: 'dense', of: [whole] })
  const cost = (answers: typeof whole) =>
    answers.reduce((sum, { flops }) => sum + flops.vision + flops.prefill + flops.decode, 0)
  yield {
    part: 'effect',
    name: 'FLOPs of an answer, described first',
    value: cost(described) / cost(whole),
    unit: 'x',
    count: whole.length,
  }
  const difference = lab.compare(described, [whole])
  yield pointsRow('describe and respond over a plain answer, untuned model', difference)
  for (const [name, reason] of Object.entries(OWED)) yield unmeasured(name, reason)
}
