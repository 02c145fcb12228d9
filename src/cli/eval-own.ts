/** `fovea eval FOLDER`. */
import { dirname, relative, resolve } from 'node:path'
import { openExaminer } from '../evaluation/exam/examiner.ts'
import { isTaughtWorld } from '../evaluation/exam/forced-answers.ts'
import { percent } from '../evaluation/groups/group-tables.ts'
import { askOwn, type OwnRow, type OwnSummary, summariseOwn } from '../evaluation/own/ask-own.ts'
import type { OwnQuestions } from '../evaluation/own/open-questions.ts'
import type { Answered } from '../evaluation/own/own-question.ts'
import { type AnswerForm, writeAnswers } from '../evaluation/own/write-answers.ts'
import type { Method } from '../pipeline/method/method.ts'
import type { Model } from '../pipeline/model.ts'
import { precisionJson } from '../pipeline/precision-report.ts'
import { choiceText } from '../world/index.ts'
import type { ModelOptions } from './model-options.ts'
import { writeOutput } from './output-file.ts'
import { progressView } from './progress.ts'
import { note, print, table } from './terminal.ts'

export interface OwnFlags extends ModelOptions {
  readonly n?: number
  readonly out?: string
  readonly form?: AnswerForm | 'fovea'
}

/** Asks what a folder asks; the data was read, and refused where it is wrong, before the model was loaded. */
export async function evalOwn(
  model: Model,
  method: Method,
  data: OwnQuestions,
  { model: name, out, form, json }: OwnFlags,
  signal: AbortSignal,
): Promise<void> {
  const examiner = await openExaminer({ model, method, signal })
  const view = progressView('own', Math.max(1, Math.ceil(data.questions.length / 10)))
  let right = 0
  const onRow = ({ category, correct }: OwnRow, done: number, total: number) => {
    right += Number(correct)
    view.update(done, total, `${category} · ${percent(right / done)} % right`)
  }
  const rows = await askOwn({
    examiner,
    data,
    signal,
    onRow,
    ...(isTaughtWorld(model.parts) && { writes: choiceText }),
  })
    .finally(() => view.stop())
    .finally(() => examiner.dispose())
  if (out) await writeOutput(out, new TextEncoder().encode(written(rows, data, out, form)))
  const results = rows.length > 0 ? summariseOwn(rows) : []
  const { precision } = model.parts
  const facts = { model: name, dtype: precision.dtype, precision: precisionJson(precision), method: method.name }
  if (json) print(JSON.stringify({ ...facts, file: data.file, results }))
  else print(`${data.file}, ${method.name}\n${describe(results)}\n`)
  if (signal.aborted) note('stopped early; the figures are of what was asked until then')
}

/** In the form that was asked for: of a table that of VLMEvalKit, else a line of JSON for each row. */
function written(rows: readonly OwnRow[], data: OwnQuestions, out: string, form = formOf(out)): string {
  if (form === 'fovea') return rows.map((row) => `${JSON.stringify(row)}\n`).join('')
  return writeAnswers(
    form,
    rows.map(({ question: prompt, reply, correct }, at): Answered => {
      const { pictures, ...asked } = data.questions[at]
      return { ...asked, pictures: pictures.map((each) => seenFrom(out, data.folder, each)), prompt, reply, correct }
    }),
  )
}

const formOf = (out: string): AnswerForm | 'fovea' => (/\.tsv$/i.test(out) ? 'vlmevalkit' : 'fovea')

/** The path of a picture from the folder of another file. */
const seenFrom = (file: string, folder: string, picture: string): string =>
  /^(?:data|file):/i.test(picture) ? picture : relative(dirname(resolve(file)), resolve(folder, picture))

const describe = (results: readonly OwnSummary[]): string =>
  table(
    ['category', '>questions', '>right %', '>95 % interval', '>blind', '>random', '>majority'],
    results.map(({ category, count, accuracy, blind, chance, majority }) => [
      ...[category, String(count), percent(accuracy.share)],
      `${percent(accuracy.low)}-${percent(accuracy.high)}`,
      ...[blind, chance, majority].map(percent),
    ]),
  )
