import { choiceTurn, NEEDS, type Need, sampleChoice } from '../../world/index.ts'
import { nodeArt } from '../../world/node-art.ts'
import { pictureOf } from '../picture-of.ts'
import type { Group, GroupOptions, Section } from './section.ts'
import { drawersOf } from './things.ts'

const TITLES: Readonly<Record<Need, string>> = {
  image: 'only the picture tells',
  fact: 'a fact tells, without the picture',
  options: 'the options tell',
  question: 'the question tells',
}

const idOf = (need: Need): string => `choice-${need}`

function choiceItem({ split, seed, ...options }: GroupOptions): Section['item'] {
  const art = nodeArt()
  const [{ vendors }] = drawersOf({ split, seed, ...options })
  return (task, index) => {
    const needs = NEEDS.find((need) => idOf(need) === task)
    const { scene, choice, heldOut } = sampleChoice({ split, seed, index, art, vendors, needs })
    return { shown: { pictures: [pictureOf(scene)] }, conversations: [[{ ...choiceTurn(choice), task }]], heldOut }
  }
}

export const choices: Group = {
  id: 'choices',
  about: 'four options; some questions can be answered without the picture, and say so',
  sections: (options) => {
    const item = choiceItem(options)
    return NEEDS.map((need) => ({ id: need, title: TITLES[need], tasks: [idOf(need)], language: 'en', item }))
  },
}
