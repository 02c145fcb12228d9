import { FoveaError } from '../errors.ts'
import { dialogue } from './dialogue.ts'
import { tongueOf } from './language/index.ts'
import { makeScene, type Split } from './make-scene.ts'
import { type QA, TASK_IDS, TASKS, type Task } from './questions/index.ts'
import { Rng } from './rng.ts'
import { assertKey } from './sample-key.ts'
import { SCENE_KINDS, type Scene, type SceneKind } from './scene.ts'
import { THING_TASKS } from './things/questions/index.ts'

/** Which sample: the same key always gives the same one. */
export interface SampleKey {
  split: Split
  seed: number
  index: number
  /** One task; without it the tasks take turns by chance. */
  task?: string
  /** Side of the canvas in pixels, 192 unless given. */
  size?: number
}

export interface Sample {
  scene: Scene
  qa: QA
  /** True if the scene shows a composition that training never shows. */
  heldOut: boolean
}

/** How often each kind of scene is drawn for a task that can ask about it. */
const KIND_WEIGHTS: Record<SceneKind, number> = { objects: 70, grid: 18, text: 12, chart: 20 }

/** The task of an id. Throws FoveaError `world-task` for an unknown one. */
export function findTask(id: string): Task {
  const task = TASKS.find((candidate) => candidate.id === id)
  if (task) return task
  throw new FoveaError('world-task', 'usage', `Unknown World task "${id}": use one of ${TASK_IDS.join(', ')}`)
}

/** Draws scenes of a key until one allows what is asked of it. */
function search<T>(
  key: SampleKey,
  name: string,
  kinds: readonly Scene['kind'][],
  ask: (scene: Scene, rng: Rng) => T | undefined,
): { scene: Scene; found: T; heldOut: boolean } {
  const { split, seed, index, size } = key
  const rng = Rng.from(seed, 'world', split, 'sample', name, index)
  const drawn = kinds.filter((kind) => kind !== 'things')
  const weights = Object.fromEntries(drawn.map((kind) => [kind, KIND_WEIGHTS[kind]])) as typeof KIND_WEIGHTS
  for (;;) {
    const scene = makeScene({ split, seed: rng.uint32(), index, kind: rng.weighted(weights), size })
    const found = ask(scene, rng)
    if (found !== undefined) return { scene, found, heldOut: scene.heldOut }
  }
}

/**
 * One scene with one question. Where the drawn scene allows no question of the task, the next scene of the same key is
 * tried. Throws FoveaError for an unknown task or split and for a seed or index that is no integer.
 */
export function sample(key: SampleKey): Sample {
  assertKey(key)
  const { split, seed, index } = key
  const task = key.task === undefined ? Rng.from(seed, 'world', split, 'task', index).pick(TASKS) : findTask(key.task)
  const { scene, found, heldOut } = search(key, task.id, task.scenes, (candidate, rng) => task.ask(candidate, rng))
  return { scene, qa: found, heldOut }
}

/** One scene with several turns about it; the same keys as `sample`, without a task. */
export function sampleDialogue(key: Omit<SampleKey, 'task'>): { scene: Scene; turns: QA[]; heldOut: boolean } {
  assertKey(key)
  const { scene, found, heldOut } = search(key, 'dialogue', SCENE_KINDS, dialogue)
  return { scene, turns: found, heldOut }
}

/** The task of an id that `askAll` may use for a scene. Throws FoveaError `world-task` for an unknown one. */
const anyTask = (id: string): Task => THING_TASKS.find((candidate) => candidate.id === id) ?? findTask(id)

/**
 * Up to `n` questions about one scene, all different. Tasks are drawn with the given weights (1 where none is given,
 * 0 leaves a task out); a task that finds no new question three times in a row is not asked again. Scenes of things are
 * asked about in the language, `en` or `es`.
 */
export function askAll(
  scene: Scene,
  rng: Rng,
  n: number,
  weights: Readonly<Record<string, number>> = {},
  language = 'en',
): QA[] {
  for (const id of Object.keys(weights)) anyTask(id)
  const tongue = tongueOf(language)
  const tasks: readonly Task[] = scene.kind === 'things' ? THING_TASKS : TASKS
  const open = new Map(
    tasks.filter((task) => task.scenes.includes(scene.kind) && (weights[task.id] ?? 1) > 0).map((task) => [task.id, 0]),
  )
  const found = new Map<string, QA>()
  while (found.size < n && open.size > 0) {
    const id = rng.weighted(Object.fromEntries([...open.keys()].map((key) => [key, weights[key] ?? 1])))
    const qa = anyTask(id).ask(scene, rng, tongue)
    const failures = qa && !found.has(qa.question) ? 0 : open.get(id)! + 1
    if (qa && failures === 0) found.set(qa.question, qa)
    if (failures < 3) open.set(id, failures)
    else open.delete(id)
  }
  return [...found.values()]
}
