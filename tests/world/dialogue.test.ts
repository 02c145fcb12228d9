import { describe, expect, test } from 'vitest'
import { sampleDialogue } from '../../src/world/index.ts'
import { nounPhrases, objectsNamed } from './nouns.ts'

describe('sampleDialogue', () => {
  const dialogues = Array.from({ length: 400 }, (_, index) => sampleDialogue({ split: 'train', seed: 3, index }))

  test('repeats for the same key and has two to four turns', () => {
    expect(sampleDialogue({ split: 'train', seed: 3, index: 5 })).toEqual(dialogues[5])
    for (const { turns } of dialogues) {
      expect(turns.length).toBeGreaterThanOrEqual(2)
      expect(turns.length).toBeLessThanOrEqual(4)
    }
  })

  test('"it" is the one object that the dialogue has found', () => {
    for (const { scene, turns } of dialogues) {
      if (turns[0].task !== 'exist') continue
      const found = turns.map((turn) => turn.answer).indexOf('yes')
      for (const turn of turns.slice(0, found)) {
        expect(objectsNamed(scene, nounPhrases(turn.question)[0])).toEqual([])
      }
      const [object, ...others] = objectsNamed(scene, nounPhrases(turns[found].question)[0])
      expect(others).toHaveLength(0)
      for (const { task, answer, question } of turns.slice(found + 1)) {
        if (task === 'color' || task === 'shape' || task === 'size') expect(answer).toBe(object[task])
        if (task === 'relation') {
          const [other] = objectsNamed(scene, nounPhrases(question)[0])
          const { x, y } = object
          const word = /left|right|above|below/.exec(question)![0]
          const holds = { left: x < other.x, right: x > other.x, above: y < other.y, below: y > other.y }[word]
          expect(answer).toBe(holds ? 'yes' : 'no')
        }
      }
    }
  })

  test('"them" are the objects of the first turn', () => {
    for (const { scene, turns } of dialogues) {
      if (turns[0].task !== 'count') continue
      const [phrase] = nounPhrases(turns[0].question)
      const color = /are (\w+)\?/.exec(turns[1].question)![1]
      expect(turns[1].answer).toBe(String(objectsNamed(scene, `${color} ${phrase}`).length))
      expect(turns[2].answer).toBe(String(objectsNamed(scene, nounPhrases(turns[2].question)[0]).length))
    }
  })

  test('covers objects, counts, words and bars', () => {
    expect(new Set(dialogues.map(({ turns }) => turns[0].task))).toEqual(new Set(['exist', 'count', 'read', 'bar']))
  })
})
