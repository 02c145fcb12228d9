import type { QA } from '../questions/task.ts'
import type { Scene } from '../scene.ts'
import type { ThingSceneKey } from './make-thing-scene.ts'

/** Which sample of things: the same key and art always give the same one. */
export interface ThingSampleKey extends Omit<ThingSceneKey, 'layout'> {
  /** One task; without it the tasks take turns by chance. */
  readonly task?: string
  /** `en` unless given, or `es`. */
  readonly language?: string
}

/** Pictures with turns about them: one picture for most tasks, several for those that compare pictures. */
export interface ThingSample {
  readonly scenes: readonly Scene[]
  readonly turns: readonly QA[]
  /** True if a picture shows a composition that training never shows. */
  readonly heldOut: boolean
}
