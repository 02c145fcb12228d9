import { FoveaError } from '../../errors.ts'
import type { Method } from '../../pipeline/method/method.ts'
import type { Model } from '../../pipeline/model.ts'
import { buildMethod } from '../methods.ts'
import type { Paper } from '../paper.ts'
import { lookUnder, type Question, questionsOf } from './asking.ts'
import { choosesTokens } from './budgets.ts'
import { refusalOf, rowsOfChecks } from './check.ts'
import type { Lab } from './lab.ts'
import { methodChecks } from './method-checks.ts'
import { withRandomAdapter } from './random-weights.ts'
import type { Row } from './row.ts'
import { tokenChecks } from './token-checks.ts'
import { zero } from './verdict.ts'

/**
 * Invariants of a method with its default options, and of one that chooses tokens at every budget. A method whose weights
 * are not trained yet is given random ones, and each row says so; what the model cannot run must be refused in one line.
 */
export async function* checkRows(entry: Paper, lab: Lab): AsyncGenerator<Row> {
  const [model, [question]] = [await lab.model(), await questionsOf(lab)]
  const asked = buildMethod(entry, {})
  try {
    const { method, dress, note } = await runnableOn(model, asked, question, lab.seed)
    const chosen = choosesTokens(entry) ? tokenChecks(entry, dress) : []
    yield* rowsOfChecks(lab, [...methodChecks(method), ...chosen], note)
  } catch (error) {
    if (!(error instanceof FoveaError) || lab.signal.aborted) throw error
    yield* refusalRows(error)
  }
}

/** A method that can be asked; with weights from a seed where there are none for it. */
async function runnableOn(model: Model, method: Method, question: Question, seed: number) {
  try {
    await lookUnder(model, method, question)
    return { method, dress: (other: Method) => other }
  } catch (error) {
    if (!(error instanceof FoveaError && error.code === 'adapter_missing')) throw error
  }
  const dress = (other: Method) => withRandomAdapter(model.parts.architecture, other, { seed })
  const dressed = dress(method)
  await lookUnder(model, dressed, question)
  return { method: dressed, dress, note: `with random weights from seed ${seed}, not trained` }
}

function* refusalRows(error: FoveaError): Generator<Row> {
  yield { part: 'checks', name: 'runs on this model', value: 0, unit: '', ...refusalOf(error) }
  const more = error.message.trim().split('\n').length - 1
  const verdict = zero(more, 'a refusal must be one line')
  yield { part: 'checks', name: 'lines of the refusal beyond one', value: more, unit: 'lines', ...verdict }
}
