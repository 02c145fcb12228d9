/** Asks arms the same questions, and keeps each answer as it comes. */
import { type Difference, pairedDifference } from '../../evaluation/paired.ts'
import { type Answer, answerItem, type Item, tasksOf, worldItem } from '../../evaluation/world.ts'
import type { Method } from '../../pipeline/method/method.ts'
import type { Model } from '../../pipeline/model.ts'
import { findTask } from '../../world/index.ts'
import { type Arm, type Lab, SPLIT } from './lab.ts'
import type { Notebook } from './notebook.ts'

/** Where questions come from that are not about Fovea World. */
export interface QuestionSource {
  readonly tasks: readonly string[]
  /** Questions of a task. */
  count(task: string): number
  answer(model: Model, method: Method, task: string, index: number, signal?: AbortSignal): Promise<Answer[]>
}

export interface AskerSettings extends Pick<Lab, 'seed' | 'n' | 'signal' | 'progress' | 'model'> {
  /** Under which arms with a name of their own are kept. */
  readonly id: string
  readonly notebook: Notebook
  /** Questions of one's own; those of Fovea World when absent. */
  readonly source?: QuestionSource
}

export type Asker = Pick<Lab, 'evaluate' | 'expect' | 'remember'>

export function openAsker({ notebook, id, seed, n, signal, source, ...settings }: AskerSettings): Asker {
  const remember = async <T>(key: string, make: () => Promise<T>): Promise<T> => {
    const known = notebook.get(key)
    if (known !== undefined) return known as T
    signal.throwIfAborted()
    const made = await make()
    signal.throwIfAborted() // what was cut short is not kept
    await notebook.put(key, made)
    return made
  }
  const items = new Map<string, Promise<Item>>()
  const itemAt = (task: string, index: number): Promise<Item> => {
    const key = `${task} ${index}`
    if (!items.has(key)) items.set(key, worldItem({ set: 'world', split: SPLIT, seed }, task, index))
    return items.get(key)!
  }
  const answer = (model: Model, { method, name, blind = false }: Arm, task: string, index: number) =>
    remember(`${name ? `${id}: ${name}` : method.name}${blind ? ', blind' : ''} ${task} ${index}`, async () => {
      if (source) return source.answer(model, method, task, index, signal)
      const item = await itemAt(task, index)
      return answerItem({ model, method, set: 'world', split: SPLIT, seed, signal }, task, index, item, blind)
    })
  const countOf = (task: string) => source?.count(task) ?? n
  const countAll = (tasks: readonly string[]) => tasks.reduce((sum, task) => sum + countOf(task), 0)
  const everyTask = source?.tasks ?? tasksOf('world')
  let [done, expected] = [0, 0]
  const evaluate = async (arms: readonly Arm[], tasks = everyTask): Promise<Answer[][]> => {
    if (!source) for (const task of tasks) if (task !== 'dialogue') findTask(task)
    expected = Math.max(expected, done + arms.length * countAll(tasks))
    const results: Answer[][] = arms.map(() => [])
    for (const [at, arm] of arms.entries()) {
      const model = arm.model ?? (await settings.model())
      for (const task of tasks)
        for (let index = 0; index < countOf(task); index++) {
          results[at].push(...(await answer(model, arm, task, index)))
          settings.progress(++done, expected, `${arm.name ?? arm.method.name}, ${task}`)
        }
    }
    return results
  }
  const expect = (arms: number, tasks = everyTask) => {
    expected = done + arms * countAll(tasks)
  }
  return { evaluate, expect, remember }
}

type Answers = readonly (readonly Pick<Answer, 'task' | 'index' | 'correct'>[])[]

/**
 * How much larger the mean share of right answers is in the first arms than in the others. Questions are paired by their
 * place: all arms were asked the same ones in the same order.
 */
export function compareMeans(first: Answers, others: Answers, seed: number): Difference {
  const meanAt = (arms: Answers, at: number) =>
    arms.reduce((sum, arm) => sum + Number(arm[at].correct), 0) / arms.length
  const pairs = first[0].map(({ task, index }, at) => {
    return { stratum: task, cluster: index, first: meanAt(first, at), second: meanAt(others, at) }
  })
  return pairedDifference(pairs, { seed })
}
