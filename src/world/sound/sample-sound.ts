import { FoveaError } from '../../errors.ts'
import { tongueOf } from '../language/index.ts'
import type { Split } from '../make-scene.ts'
import type { QA } from '../questions/task.ts'
import { Rng } from '../rng.ts'
import { assertKey } from '../sample-key.ts'
import { isBalanced, yesNo } from '../things/questions/task.ts'
import { askSound, SOUND_TASK_IDS } from './questions.ts'
import { makeSound, type SoundClip } from './sound.ts'

/** Which clip with a question: the same key always gives the same one. */
export interface SoundSampleKey {
  readonly split: Split
  readonly seed: number
  readonly index: number
  readonly task?: string
  readonly language?: string
  readonly seconds?: number
}

/** A clip with a question. Throws FoveaError for an unknown task, split or language, and for lengths out of range. */
export function sampleSound(key: SoundSampleKey): { clip: SoundClip; qa: QA } {
  assertKey(key)
  const { split, seed, index } = key
  const tongue = tongueOf(key.language ?? 'en')
  const task = key.task ?? Rng.from(seed, 'world', split, 'sound task', index).pick(SOUND_TASK_IDS)
  if (!SOUND_TASK_IDS.includes(task)) {
    throw new FoveaError('world-task', 'usage', `Unknown World task "${task}": use one of ${SOUND_TASK_IDS.join(', ')}`)
  }
  const rng = Rng.from(seed, 'world', split, 'sound sample', task, index)
  const wanted = rng.pick(yesNo(tongue))
  for (;;) {
    const clip = makeSound({ split, seed: rng.uint32(), index, seconds: key.seconds })
    const qa = askSound(task, clip, rng, tongue)
    if (qa && isBalanced(qa, wanted, tongue)) return { clip, qa }
  }
}
