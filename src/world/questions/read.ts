import { toThousandths } from '../geometry.ts'
import type { Rng } from '../rng.ts'
import type { Scene, Word } from '../scene.ts'
import { runBox } from '../text-runs.ts'
import { phrase, type Task } from './task.ts'

const ONE = [
  'what does the text say?',
  'which word is written?',
  'what word do you see?',
  'read the word.',
  'what is written here?',
  'which word does the image show?',
]
const ONE_OF_MANY = [
  'what is the {which} word?',
  'which word is the {which} one?',
  'read the {which} word.',
  'what does the {which} word say?',
  'tell me the {which} word.',
]

/** Names that single out each word: its place from top to bottom, or its colour where no other has it. */
function wordNames(words: readonly Word[], word: Word): string[] {
  const places = words.length === 2 ? ['top', 'bottom'] : ['top', 'middle', 'bottom']
  const sameColor = words.filter((other) => other.color === word.color)
  return [places[words.indexOf(word)], ...(sameColor.length === 1 ? [word.color] : [])]
}

/** The question for a word without ambiguity. */
export function readQuestion(scene: Scene, word: Word, rng: Rng): string {
  if (scene.words.length === 1) return phrase(rng, ONE)
  return phrase(rng, ONE_OF_MANY, { which: rng.pick(wordNames(scene.words, word)) })
}

export const readTask: Task = {
  id: 'read',
  scenes: ['text'],
  ask(scene, rng) {
    if (scene.words.length === 0) return undefined
    const word = rng.pick(scene.words)
    const box = toThousandths(runBox(word), scene.size)
    return { task: 'read', question: readQuestion(scene, word, rng), answer: word.text, box }
  },
}
