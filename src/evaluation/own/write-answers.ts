/** Answers in the forms of other harnesses. */
import { FoveaError } from '../../errors.ts'
import type { Answered } from './own-question.ts'
import { samplesOf } from './write-samples.ts'
import { predictionTable } from './write-tsv.ts'

/** A form that answers are written in, by the name of the harness that reads it. */
export const ANSWER_FORMS = ['vlmevalkit', 'lmms-eval'] as const
export type AnswerForm = (typeof ANSWER_FORMS)[number]

const WRITERS: Readonly<Record<AnswerForm, (answered: readonly Answered[]) => string>> = {
  vlmevalkit: predictionTable,
  'lmms-eval': samplesOf,
}

/** Answers as the text of one file. Throws FoveaError `eval_form` for a form that does not exist. */
export function writeAnswers(form: AnswerForm, answered: readonly Answered[]): string {
  if (!Object.hasOwn(WRITERS, form))
    throw new FoveaError('eval_form', 'usage', `there is no form "${form}"; forms: ${ANSWER_FORMS.join(', ')}`)
  return WRITERS[form](answered)
}
