import {
  askAll,
  makeBiasScene,
  NEGATIVES,
  pope,
  type QA,
  Rng,
  type Scene,
  THING_TASKS as TASKS,
} from '../../world/index.ts'
import { nodeArt } from '../../world/node-art.ts'
import { pictureOf } from '../picture-of.ts'
import type { Group, GroupOptions, Section } from './section.ts'
import { drawersOf } from './things.ts'

/** Questions about each scene, besides those that poll for things. */
const QUESTIONS = 8
const POPE = NEGATIVES.map((negative) => `pope-${negative}`)
export const CHAIR = 'chair'

const caption = TASKS.find(({ id }) => id === 'thing-caption')!

function questionsOf(task: string, scene: Scene, rng: Rng): QA[] {
  const negative = NEGATIVES.find((each) => `pope-${each}` === task)
  if (negative) return pope(scene, negative, rng)
  if (task !== CHAIR) return askAll(scene, rng, QUESTIONS)
  const qa = caption.ask(scene, rng)
  return qa ? [{ ...qa, task: CHAIR }] : []
}

function biasItem({ split, seed, ...options }: GroupOptions): Section['item'] {
  const art = nodeArt()
  const [{ vendors }] = drawersOf({ split, seed, ...options })
  return (task, index) => {
    const scene = makeBiasScene({ split, seed, index, art, vendors })
    const turns = questionsOf(task, scene, Rng.from(seed, 'bias exam', split, task, index))
    const shown = { pictures: [pictureOf(scene)] }
    return { shown, conversations: turns.map((qa) => [qa]), heldOut: scene.heldOut, ...(task === CHAIR && { scene }) }
  }
}

export const bias: Group = {
  id: 'bias',
  about:
    'scenes that break the habits of training: polls for things (POPE), things made up in captions (CHAIR), questions',
  sections: (options) => {
    const item = biasItem(options)
    const rest = { language: 'en', item }
    return [
      { id: 'pope', title: 'as many things that are there as things that are not', tasks: POPE, ...rest },
      { id: 'chair', title: 'captions, and the things that they make up', tasks: [CHAIR], ...rest },
      { id: 'questions', title: 'questions about scenes that break habits', tasks: ['bias'], ...rest },
    ]
  },
}
