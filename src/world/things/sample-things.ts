import { FoveaError } from '../../errors.ts'
import { tongueOf } from '../language/index.ts'
import { Rng } from '../rng.ts'
import { assertKey } from '../sample-key.ts'
import type { Layout } from './layouts.ts'
import { makeThingScene } from './make-thing-scene.ts'
import { askPictures, PICTURE_TASK_IDS } from './pictures.ts'
import { thingDialogue } from './questions/dialogue.ts'
import { THING_TASK_IDS, THING_TASKS, type ThingTask } from './questions/index.ts'
import { isBalanced, yesNo } from './questions/task.ts'
import type { ThingSample, ThingSampleKey } from './thing-sample.ts'

export type { ThingSample, ThingSampleKey } from './thing-sample.ts'

/** Layouts on which a task finds something to ask; every task that is not named here takes any. */
const LAYOUTS_OF: Readonly<Record<string, readonly Layout[]>> = {
  'thing-name': ['single', 'free', 'single'],
  'thing-group': ['single', 'free'],
  'thing-count': ['crowd', 'free'],
  'thing-odd': ['odd'],
  'thing-front': ['free'],
  'thing-relation': ['free', 'grid'],
  'thing-cell': ['grid'],
  'thing-read': ['words'],
  'thing-bar': ['chart'],
  'thing-story': ['free'],
  'thing-dialogue': ['free', 'grid'],
}
const ANY: readonly Layout[] = ['single', 'free', 'free', 'crowd', 'grid', 'words']

/** Every kind of question about pictures of things: one picture, a dialogue about one, or several pictures. */
export const ALL_THING_TASK_IDS: readonly string[] = [...THING_TASK_IDS, 'thing-dialogue', ...PICTURE_TASK_IDS]

function findThingTask(id: string): ThingTask {
  const task = THING_TASKS.find((candidate) => candidate.id === id)
  if (task) return task
  throw new FoveaError('world-task', 'usage', `Unknown World task "${id}": use one of ${ALL_THING_TASK_IDS.join(', ')}`)
}

/** Draws scenes of a key until one allows what is asked of it. */
function sampleOne(key: ThingSampleKey, task: string): ThingSample {
  const rng = Rng.from(key.seed, 'world', key.split, 'thing sample', task, key.index)
  const tongue = tongueOf(key.language ?? 'en')
  const program = task === 'thing-dialogue' ? undefined : findThingTask(task)
  const wanted = rng.pick(yesNo(tongue))
  for (;;) {
    const layout = rng.pick(LAYOUTS_OF[task] ?? ANY)
    const scene = makeThingScene({ ...key, seed: rng.uint32(), layout })
    const qa = program?.ask(scene, rng, tongue)
    const turns = program ? qa && isBalanced(qa, wanted, tongue) && [qa] : thingDialogue(scene, rng, tongue)
    if (turns) return { scenes: [scene], turns, heldOut: scene.heldOut }
  }
}

/**
 * Pictures of things with a question, or with a dialogue. Throws FoveaError for an unknown task, split, language or vendor,
 * and for a seed or index that is no integer.
 */
export function sampleThings(key: ThingSampleKey): ThingSample {
  assertKey(key)
  tongueOf(key.language ?? 'en')
  const task = key.task ?? Rng.from(key.seed, 'world', key.split, 'thing task', key.index).pick(ALL_THING_TASK_IDS)
  return PICTURE_TASK_IDS.includes(task) ? askPictures(key, task) : sampleOne(key, task)
}
