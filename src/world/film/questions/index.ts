import type { FilmTask } from './facts.ts'
import { actorTask, backTask, changeTask, motionTask, moverTask, otherTask, timesTask } from './motion.ts'
import {
  appearedTask,
  backgroundTask,
  countTask,
  cutsTask,
  everTask,
  existAtTask,
  needleTask,
  stateAtTask,
} from './state.ts'
import { beforeTask, firstTask, happensTask, intervalTask, orderTask, whenTask } from './time.ts'

export type { FilmTask } from './facts.ts'

/** Every task about films, in the order of reports. */
export const FILM_TASKS: readonly FilmTask[] = [
  motionTask,
  moverTask,
  changeTask,
  timesTask,
  otherTask,
  backTask,
  actorTask,
  whenTask,
  intervalTask,
  orderTask,
  firstTask,
  beforeTask,
  happensTask,
  countTask,
  appearedTask,
  existAtTask,
  stateAtTask,
  needleTask,
  cutsTask,
  everTask,
  backgroundTask,
]

export const FILM_TASK_IDS: readonly string[] = FILM_TASKS.map(({ id }) => id)
