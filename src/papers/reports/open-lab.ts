import { type Difference, pairedDifference } from '../../evaluation/paired.ts'
import { type Answer, answerItem, type Item, tasksOf, worldItem } from '../../evaluation/world.ts'
import type { Model } from '../../pipeline/model.ts'
import { findTask } from '../../world/index.ts'
import { type Arm, type Lab, SPLIT } from './lab.ts'
import type { Notebook } from './notebook.ts'

/** What a lab is opened with. */
export interface LabSettings extends Pick<Lab, 'part' | 'seed' | 'n' | 'quick' | 'signal' | 'progress' | 'model'> {
  /** Of the paper: what its run remembers is kept under it. Answers under a method's name are shared by all papers. */
  readonly id: string
  readonly notebook: Notebook
}

/** The lab of one part of a run. */
export function openLab({ notebook, id, ...settings }: LabSettings): Lab {
  const { seed, n, signal } = settings
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
    remember(`${name ? `${id}: ${name}` : method.name}${blind ? ', blind' : ''} ${task} ${index}`, async () =>
      answerItem(
        { model, method, set: 'world', split: SPLIT, seed, signal },
        task,
        index,
        await itemAt(task, index),
        blind,
      ),
    )
  let [done, expected] = [0, 0]
  const evaluate = async (arms: readonly Arm[], tasks = tasksOf('world')): Promise<Answer[][]> => {
    for (const task of tasks) if (task !== 'dialogue') findTask(task)
    expected = Math.max(expected, done + arms.length * tasks.length * n)
    const results: Answer[][] = arms.map(() => [])
    for (const [at, arm] of arms.entries()) {
      const model = arm.model ?? (await settings.model())
      for (const task of tasks)
        for (let index = 0; index < n; index++) {
          results[at].push(...(await answer(model, arm, task, index)))
          settings.progress(++done, expected, `${arm.name ?? arm.method.name}, ${task}`)
        }
    }
    return results
  }
  return {
    ...settings,
    evaluate,
    expect: (arms, tasks = tasksOf('world')) => {
      expected = done + arms * tasks.length * n
    },
    remember: (key, make) => remember(`${id}: ${key}`, make),
    compare: (first, others) => compare(first, others, seed),
  }
}

/** Pairs questions by their place: all arms were asked the same ones in the same order. */
function compare(first: readonly Answer[], others: readonly (readonly Answer[])[], seed: number): Difference {
  const pairs = first.map(({ task, index, correct }, at) => {
    const second = others.reduce((sum, other) => sum + Number(other[at].correct), 0) / others.length
    return { stratum: task, cluster: index, first: Number(correct), second }
  })
  return pairedDifference(pairs, { seed })
}
