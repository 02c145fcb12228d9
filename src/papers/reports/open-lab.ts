import { join } from 'node:path'
import { type Difference, pairedDifference } from '../../evaluation/paired.ts'
import { type Answer, answerItem, type Item, tasksOf, worldItem } from '../../evaluation/world.ts'
import type { Model } from '../../pipeline/model.ts'
import type { Progress } from '../../training/trainer.ts'
import { findTask } from '../../world/index.ts'
import { buildMethod } from '../methods.ts'
import type { Paper } from '../paper.ts'
import { trainEntry } from '../train.ts'
import { type Arm, type Lab, SPLIT } from './lab.ts'
import type { Notebook } from './notebook.ts'

/** What a lab is opened with. */
export interface LabSettings extends Pick<Lab, 'part' | 'seed' | 'n' | 'quick' | 'signal' | 'progress' | 'model'> {
  /** Of the paper: what its run remembers is kept under it. Answers under a method's name are shared by all papers. */
  readonly entry: Paper
  readonly notebook: Notebook
  /** What is trained lies here. */
  readonly folder: string
  /** Folder of the model. */
  readonly base: string
  readonly threads?: number
}

/** The lab of one part of a run. */
export function openLab({ notebook, entry, folder, base, threads, ...settings }: LabSettings): Lab {
  const { seed, n, signal } = settings
  const { id } = entry
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
    compare: (first, others) => compare([first], others, seed),
    compareMeans: (first, others) => compare(first, others, seed),
    trained: async (options, seed) => {
      const name = Object.entries(options).map(([key, value]) => `${key}=${value}`)
      const out = join(folder, 'trained', [id, ...name, `seed-${seed}`, ...(settings.quick ? ['quick'] : [])].join(' '))
      const steps = settings.quick ? { steps: QUICK_STEPS } : {}
      const onStep = (stage: string, { step, total }: Progress) =>
        settings.progress(step, total, `${name} seed ${seed}, ${stage} stage`)
      const found = await trainEntry(entry, options, { out, seed, base, threads, signal, onStep, ...steps })
      if (!found) throw signal.reason
      return (chosen) => buildMethod(entry, { ...options, ...chosen, weights: found.adapter })
    },
  }
}

/** For a look: that it trains, not to what. */
const QUICK_STEPS = 2

type Answers = readonly (readonly Answer[])[]

/** Pairs questions by their place: all arms were asked the same ones in the same order. */
function compare(first: Answers, others: Answers, seed: number): Difference {
  const meanAt = (arms: Answers, at: number) =>
    arms.reduce((sum, arm) => sum + Number(arm[at].correct), 0) / arms.length
  const pairs = first[0].map(({ task, index }, at) => {
    return { stratum: task, cluster: index, first: meanAt(first, at), second: meanAt(others, at) }
  })
  return pairedDifference(pairs, { seed })
}
