import { barTask } from './bar.ts'
import { boxTask } from './box.ts'
import { captionTask } from './caption.ts'
import { colorTask } from './color.ts'
import { compareTask } from './compare.ts'
import { countTask } from './count.ts'
import { existTask } from './exist.ts'
import { gridTask } from './grid.ts'
import { readTask } from './read.ts'
import { relationTask } from './relation.ts'
import { shapeTask } from './shape.ts'
import { sizeTask } from './size.ts'
import type { Task } from './task.ts'

export type { QA, Task } from './task.ts'

/** Every task, in the order of reports. */
export const TASKS: readonly Task[] = [
  existTask,
  colorTask,
  shapeTask,
  sizeTask,
  countTask,
  compareTask,
  relationTask,
  readTask,
  barTask,
  boxTask,
  gridTask,
  captionTask,
]

export const TASK_IDS: readonly string[] = TASKS.map((task) => task.id)
