import type { WorldTongue } from '../language/index.ts'
import type { Rng } from '../rng.ts'
import type { Scene } from '../scene.ts'

/** A question about one scene with its exact answer. */
export interface QA {
  task: string
  question: string
  answer: string
  /** The object asked about: left, top, right, bottom as integers 0-1000. */
  box?: [number, number, number, number]
  /** The object that it is held against, in a question about two. */
  other?: [number, number, number, number]
  /** The closed set of answers where there is one, for majority and random baselines. */
  candidates?: readonly string[]
  /** The language, where it is not English. */
  language?: string
  /** When it happens, in a question about a film or sounds: start and end in seconds. */
  time?: [number, number]
  /** Where what it is about is at these times, as `box` says places, in a question about a film. */
  path?: [NonNullable<QA['box']>, NonNullable<QA['box']>]
}

/** A program that asks one kind of question. */
export interface Task {
  id: string
  /** Kinds of scene it can ask about. */
  scenes: readonly Scene['kind'][]
  /** A question, or undefined where this scene allows none without ambiguity. */
  ask(scene: Scene, rng: Rng, tongue?: WorldTongue): QA | undefined
}

export const YES_NO = ['yes', 'no'] as const

/** One phrasing with its `{name}` slots filled. */
export function phrase(rng: Rng, templates: readonly string[], slots: Readonly<Record<string, string>> = {}): string {
  return rng.pick(templates).replace(/\{(\w+)\}/g, (_, name: string) => {
    const value = slots[name]
    if (value === undefined) throw new RangeError(`Phrasing slot {${name}} has no value`)
    return value
  })
}
