import { type Difference, pairedDifference } from '../../evaluation/paired.ts'
import { type Answer, answerImage, tasksOf } from '../../evaluation/world.ts'
import type { Model } from '../../pipeline/model.ts'
import { findTask } from '../../world/index.ts'
import type { Arm, Lab } from './lab.ts'
import type { Notebook } from './notebook.ts'

/** What a lab is opened with. */
export interface LabSettings extends Pick<Lab, 'part' | 'seed' | 'n' | 'quick' | 'signal' | 'progress' | 'model'> {
  readonly notebook: Notebook
}

/** Questions come from here; training never draws from it. */
export const SPLIT = 'test'

/** The lab of one part of a run. */
export function openLab({ notebook, ...settings }: LabSettings): Lab {
  const { seed, n, signal } = settings
  const remember = async <T>(key: string, make: () => Promise<T>): Promise<T> => {
    const known = notebook.get(key)
    if (known !== undefined) return known as T
    const made = await make()
    signal.throwIfAborted() // what was cut short is not kept
    await notebook.put(key, made)
    return made
  }
  const answer = (model: Model, { method, name = method.name, blind = false }: Arm, task: string, index: number) =>
    remember(`${name}${blind ? ', blind' : ''} ${task} ${index}`, () => {
      signal.throwIfAborted()
      return answerImage({ model, method, set: 'world', split: SPLIT, seed, signal }, task, index, blind)
    })
  const evaluate = async (arms: readonly Arm[], tasks = tasksOf('world')): Promise<Answer[][]> => {
    for (const task of tasks) if (task !== 'dialogue') findTask(task)
    const total = arms.length * tasks.length * n
    const results: Answer[][] = arms.map(() => [])
    let done = 0
    for (const [at, arm] of arms.entries()) {
      const model = arm.model ?? (await settings.model())
      for (const task of tasks)
        for (let index = 0; index < n; index++) {
          results[at].push(...(await answer(model, arm, task, index)))
          settings.progress(++done, total, `${arm.name ?? arm.method.name}, ${task}`)
        }
    }
    return results
  }
  return { ...settings, remember, evaluate, compare: (first, others) => compare(first, others, seed) }
}

/** Pairs questions by their place: all arms were asked the same ones in the same order. */
function compare(first: readonly Answer[], others: readonly (readonly Answer[])[], seed: number): Difference {
  const pairs = first.map(({ task, index, correct }, at) => {
    const second = others.reduce((sum, other) => sum + Number(other[at].correct), 0) / others.length
    return { stratum: task, cluster: index, first: Number(correct), second }
  })
  return pairedDifference(pairs, { seed })
}
