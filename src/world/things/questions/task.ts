import { english } from '../../language/en.ts'
import type { PhraseKey, WorldTongue } from '../../language/index.ts'
import { say } from '../../language/index.ts'
import type { QA, Task } from '../../questions/task.ts'
import type { Rng } from '../../rng.ts'
import type { Scene } from '../../scene.ts'

/** A program that asks about a scene of things, in any language of the World. */
export interface ThingTask extends Task {
  ask(scene: Scene, rng: Rng, tongue?: WorldTongue): QA | undefined
}

export interface Asking {
  readonly scene: Scene
  readonly rng: Rng
  readonly tongue: WorldTongue
  /** A phrasing of a key with its slots filled. */
  say(key: PhraseKey, slots?: Readonly<Record<string, string>>): string
}

/** A task from what it asks; the answer carries the task's id, and the language where it is not English. */
export function thingTask(id: string, ask: (asking: Asking) => Omit<QA, 'task'> | undefined): ThingTask {
  return {
    id,
    scenes: ['things'],
    ask(scene, rng, tongue = english) {
      const qa = ask({ scene, rng, tongue, say: (key, slots) => say(tongue, rng, key, slots) })
      return qa && { task: id, ...qa, ...(tongue.id !== 'en' && { language: tongue.id }) }
    },
  }
}

export const yesNo = (tongue: WorldTongue): readonly string[] => [tongue.yes, tongue.no]

/** Whether a question with yes or no for its answers has the one that was drawn before it; others always have. */
export function isBalanced({ answer, candidates }: QA, wanted: string, tongue: WorldTongue): boolean {
  const isYesNo = candidates?.length === 2 && candidates.includes(tongue.yes) && candidates.includes(tongue.no)
  return !isYesNo || answer === wanted
}
