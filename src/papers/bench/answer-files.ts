/** The answers of a benchmark in the files that other harnesses keep theirs in. */
import { onLines } from '../../evaluation/own/ask-own.ts'
import type { Answered } from '../../evaluation/own/own-question.ts'
import { type AnswerForm, writeAnswers } from '../../evaluation/own/write-answers.ts'
import type { Answer } from '../../evaluation/world.ts'
import { armName } from './arms.ts'
import type { BenchRun } from './run.ts'

/**
 * Files by their paths, a folder for each point as if it were a model of its own: of VLMEvalKit
 * `{model}/{model}_{dataset}.tsv`, of lmms-eval `{model}/{date}_samples_{task}.jsonl`, one for each task.
 * @param answers of each point, by its method (`readAnswers`)
 */
export function answerFiles(
  { date, facts, points }: Pick<BenchRun, 'date' | 'facts' | 'points'>,
  answers: ReadonlyMap<string, readonly Answer[]>,
  form: AnswerForm,
): Map<string, string> {
  const dataset = facts.data ? 'own' : 'world'
  const names = uniqueNames(points.map((point) => slugOf(armName(point))))
  const files = points.flatMap(({ method }, at): [string, string][] => {
    const all = answers.get(method)!
    if (form === 'vlmevalkit')
      return [[`${names[at]}/${names[at]}_${dataset}.tsv`, writeAnswers(form, all.map(answered))]]
    return facts.tasks.map((task) => [
      `${names[at]}/${stamp(date)}_samples_${slugOf(task)}.jsonl`,
      writeAnswers(form, all.filter((answer) => answer.task === task).map(answered)),
    ])
  })
  return new Map(files)
}

function answered({ question, answer, answers = [answer], options, task, reply, correct }: Answer): Answered {
  const prompt = options ? onLines(question, options) : question
  return { question, answers, options, category: task, prompt, reply, correct }
}

const slugOf = (name: string): string => name.replace(/ %$/, '').replace(/[^A-Za-z0-9.=+-]+/g, '-')

/** Names that come twice are numbered from the second on. */
const uniqueNames = (names: readonly string[]): string[] =>
  names.map((name, at) => {
    const before = names.slice(0, at).filter((other) => other === name).length
    return before === 0 ? name : `${name}-${before + 1}`
  })

/** `20261129_061748`. */
const stamp = (date: string): string => date.slice(0, 19).replace(/[-:]/g, '').replace('T', '_')
