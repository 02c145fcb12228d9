import { FoveaError } from '../../errors.ts'
import { bias } from './bias.ts'
import { choices } from './choices.ts'
import { language } from './language.ts'
import type { Group } from './section.ts'
import { drawings, shapes } from './shapes.ts'
import { sound } from './sound.ts'
import { images, things } from './things.ts'
import { video } from './video.ts'

/** Every group of questions about World 2, in the order of reports. */
export const GROUPS: readonly Group[] = [shapes, drawings, things, images, video, language, bias, choices, sound]

/** The groups of a model card: all that fovea-mini is trained for, and the other renderer. */
export const CARD_GROUPS: readonly Group[] = GROUPS.filter((group) => group !== sound)

/** The group of an id. Throws FoveaError `eval_group`. */
export function findGroup(id: string): Group {
  const group = GROUPS.find((candidate) => candidate.id === id)
  if (group) return group
  const ids = GROUPS.map((each) => each.id).join(', ')
  throw new FoveaError('eval_group', 'usage', `There is no group "${id}": use all, or some of ${ids}`)
}
