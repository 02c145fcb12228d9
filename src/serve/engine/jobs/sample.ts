import { tasksOf, worldItem } from '../../../evaluation/world.ts'
import { pngOf } from '../../../media/canvas-node.ts'
import type { Sampled, SampleJob } from '../job.ts'

/** Questions that fit a line, and whose answers do. */
const ASKED = tasksOf('world').filter((task) => !['dialogue', 'caption', 'box'].includes(task))

/** A picture of the test split with its question. Throws FoveaError `package_missing`, `world-task`. */
export async function sample({ task, index }: SampleJob): Promise<Sampled> {
  const chosen = task ?? ASKED[index % ASKED.length]
  const { image, turns } = await worldItem({ set: 'world', split: 'test', seed: 0 }, chosen, index)
  const [{ question, answer }] = turns
  return { png: await pngOf(image), task: chosen, question, answer }
}
