import { english } from '../../language/en.ts'
import { say, type WorldTongue } from '../../language/index.ts'
import type { QA } from '../../questions/task.ts'
import type { Rng } from '../../rng.ts'
import type { Scene } from '../../scene.ts'
import { COLORS } from '../../vocabulary.ts'
import { GROUPS } from '../table.ts'
import { absentThing, existTask } from './count.ts'
import { pickBeside } from './name.ts'
import { answerOf, aOf, boxOfItem, groupOf, itemsOf } from './names.ts'
import { yesNo } from './task.ts'

/**
 * Two to four turns about one thing that the first turn has made "it"; undefined where the scene has no thing that can be
 * named without doubt and stands clear of the others. Half of the time something absent is asked for before.
 */
export function thingDialogue(scene: Scene, rng: Rng, tongue: WorldTongue = english): QA[] | undefined {
  const items = itemsOf(scene)
  const beside = pickBeside(items, scene.size, rng)
  if (!beside) return undefined
  const { item, named, place, other } = beside
  const box = boxOfItem(scene, item)
  const group = groupOf(item)
  const mark = tongue.id === 'en' ? {} : { language: tongue.id }
  const turn = (task: string, question: string, answer: string, candidates?: readonly string[]): QA => ({
    ...{ task, question, answer, box, ...(candidates && { candidates }), ...mark },
  })
  const turns: QA[] = [
    turn('thing-name', say(tongue, rng, 'besideIt', { place: tongue.places[place] }), answerOf(tongue, other)),
    turn('thing-box', say(tongue, rng, 'boxOfIt'), box.join(',')),
  ]
  if (group) {
    const kinds = GROUPS.map((candidate) => tongue.kinds[candidate])
    turns.push(turn('thing-group', say(tongue, rng, 'kindOfIt'), tongue.kinds[group], kinds))
  }
  if (item.color && !named.color) {
    const phrase = tongue.phrase(named)
    const colors = COLORS.map((color) => tongue.color(color, phrase))
    turns.push(turn('thing-color', say(tongue, rng, 'colorOfIt'), tongue.color(item.color, phrase), colors))
  }
  const asks = (what: string, answer: string): QA =>
    turn(existTask.id, say(tongue, rng, 'exist', { a: what }), answer, yesNo(tongue))
  const absent = rng.chance(0.5) ? absentThing(items, rng) : undefined
  const opening = asks(aOf(tongue, named), tongue.yes)
  const before = absent ? [{ ...asks(aOf(tongue, absent), tongue.no), box: undefined }] : []
  return [...before, opening, ...rng.shuffle(turns).slice(0, absent ? 2 : rng.int(1, 3))]
}
