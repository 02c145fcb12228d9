/** Questions of one's own in the place of those about Fovea World. */
import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { FoveaError } from '../../errors.ts'
import { isRight, onLines, picturesOf } from '../../evaluation/own/ask-own.ts'
import { openQuestions } from '../../evaluation/own/open-questions.ts'
import type { OwnQuestion } from '../../evaluation/own/own-question.ts'
import { type Answer, saidBy } from '../../evaluation/world.ts'
import type { Method } from '../../pipeline/method/method.ts'
import type { Model } from '../../pipeline/model.ts'
import { GREEDY } from '../../text/sampling.ts'
import type { QuestionSource } from '../reports/asker.ts'

export interface OwnTasks extends QuestionSource {
  /** Of the file of questions; pictures that it names are told apart by their paths alone. */
  readonly hash: string
}

const MAX_TOKENS = 96

/**
 * The questions of a folder or a file (`openQuestions`): each category is a task, of which at most `n` questions are asked, in
 * the order of the file.
 * @throws FoveaError what `openQuestions` throws; `bench_film` for questions about frames of a film, kind `usage`
 */
export async function ownTasks(path: string, n: number): Promise<OwnTasks> {
  const { file, folder, questions } = await openQuestions(path)
  const film = questions.find(({ seconds }) => seconds)
  if (film)
    throw new FoveaError('bench_film', 'usage', `${film.place}: fovea bench reduce asks about pictures, not films`)
  const byTask = new Map<string, OwnQuestion[]>()
  for (const own of questions) {
    const task = own.category ?? 'all'
    const known = byTask.get(task) ?? []
    if (known.length < n) byTask.set(task, [...known, own])
  }
  return {
    tasks: [...byTask.keys()],
    hash: createHash('sha256')
      .update(await readFile(file))
      .digest('hex'),
    count: (task) => byTask.get(task)!.length,
    answer: (model, method, task, index, signal) =>
      answerOwn(model, method, { own: byTask.get(task)![index], folder, task, index }, signal),
  }
}

interface Asked {
  readonly own: OwnQuestion
  readonly folder: string
  readonly task: string
  readonly index: number
}

async function answerOwn(
  model: Model,
  method: Method,
  { own, folder, task, index }: Asked,
  signal?: AbortSignal,
): Promise<Answer[]> {
  const images = await picturesOf(own, folder)
  const prompt = own.options ? onLines(own.question, own.options) : own.question
  const reply = await model.generate({
    prompt,
    images,
    method,
    ...GREEDY,
    maxTokens: MAX_TOKENS,
    signal,
  })
  return [
    {
      set: 'own',
      task,
      index,
      question: own.question,
      answer: own.answers[0],
      ...(own.answers.length > 1 && { answers: own.answers }),
      ...(own.options && { options: own.options }),
      correct: isRight(own, reply.text),
      chance: own.options ? 1 / own.options.length : 0,
      heldOut: false,
      ...saidBy(reply),
    },
  ]
}
