import { captionTask, fitsTask, storyTask } from './caption.ts'
import { colorTask, countTask, existTask } from './count.ts'
import { barTask, cellTask, readTask } from './mixed.ts'
import { groupTask, nameTask, oddTask } from './name.ts'
import { boxTask, frontTask, pointTask, relationTask } from './place.ts'
import type { ThingTask } from './task.ts'

export type { ThingTask } from './task.ts'

/** Every task about scenes of things, in the order of reports. */
export const THING_TASKS: readonly ThingTask[] = [
  nameTask,
  groupTask,
  existTask,
  countTask,
  oddTask,
  relationTask,
  frontTask,
  colorTask,
  boxTask,
  pointTask,
  cellTask,
  readTask,
  barTask,
  captionTask,
  storyTask,
  fitsTask,
]

export const THING_TASK_IDS: readonly string[] = THING_TASKS.map(({ id }) => id)
