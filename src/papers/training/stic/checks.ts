/** The loss worked by hand, and the template that is undone to the byte. */
import type { Exact } from '../../reports/row.ts'
import { withDescription, withoutDescription } from './describe.ts'
import { preferenceLoss } from './preference.ts'

const beyond = (value: number, wanted: number): number => (Math.abs(value - wanted) < 1e-4 ? 0 : value - wanted)

const QUESTIONS = ['what is it?', '', 'Image description:\nnothing\n\nis it red?', ' two\n\nlines\n']

export function* checks(): Generator<Exact> {
  const same = { chosen: -100, rejected: -80 }
  yield {
    name: 'loss before any step: off ln 2 + alpha 100',
    value: beyond(preferenceLoss(same, same), Math.LN2 + 100 / 1024),
  }
  const worked = preferenceLoss(same, { chosen: -102, rejected: -79 })
  yield { name: 'loss of the worked example: off 0.6520', value: beyond(worked, 0.652) }
  const plain = preferenceLoss(same, { chosen: -102, rejected: -79 }, { alpha: 0 })
  yield { name: 'the same at alpha = 0: off plain DPO', value: beyond(plain, Math.log1p(Math.exp(-0.3))) }
  const none = preferenceLoss(same, { chosen: -102, rejected: -79 }, { beta: 0 })
  yield { name: 'the same at beta = 0: off ln 2 and tuning alone', value: beyond(none, Math.LN2 + 100 / 1024) }
  const changed = QUESTIONS.filter(
    (text) => withoutDescription(withDescription(text, 'a red ring'), 'a red ring') !== text,
  )
  yield { name: 'questions that are not restored to the byte', value: changed.length, count: QUESTIONS.length }
}
