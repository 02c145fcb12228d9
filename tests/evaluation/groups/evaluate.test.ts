import { describe, expect, it } from 'vitest'
import type { Examiner } from '../../../src/evaluation/exam/examiner.ts'
import { chooseForSheet, contactSheet } from '../../../src/evaluation/groups/contact-sheet.ts'
import { evaluateGroup, sectionsOf } from '../../../src/evaluation/groups/evaluate.ts'
import { CARD_GROUPS, findGroup, GROUPS } from '../../../src/evaluation/groups/index.ts'
import { decodeImage } from '../../../src/media/decode.ts'
import { choiceTurn } from '../../../src/world/index.ts'
import { groupRow } from '../group-row.ts'

const options = { split: 'test', seed: 5, frames: 8, rate: 1 } as const

/** Knows every answer as long as the picture is not gray all over, and none otherwise. */
const seeing: Examiner = {
  ask: async ({ pictures }, conversations) => {
    const correct = pictures.some(({ data }) => data.some((value) => value !== 128))
    return conversations.map((turns) => turns.map(({ answer }) => ({ correct, ...(correct && { reply: answer }) })))
  },
  dispose: async () => {},
}

describe('groups of questions about World 2', () => {
  it('show trained vendors and the one never seen beside each other, and each one that is asked for', () => {
    const ids = (vendors?: readonly ('noto' | 'fxemoji')[]) =>
      findGroup('things')
        .sections({ ...options, vendors })
        .map(({ id }) => id)
    expect(ids()).toEqual(['trained', 'fxemoji'])
    expect(ids(['noto', 'fxemoji'])).toEqual(['noto', 'fxemoji'])
    const [trained] = findGroup('things').sections({ ...options, split: 'validation' })
    expect(findGroup('things').sections({ ...options, split: 'validation' })).toHaveLength(1)
    expect(trained.tasks).toContain('thing-name')
    expect(trained.tasks).not.toContain('pictures-same')
  })

  it.each(GROUPS.map(({ id }) => id))('ask the same each time: %s', async (id) => {
    for (const section of findGroup(id).sections(options)) {
      const task = section.tasks.at(-1)!
      const item = await section.item(task, 1)
      expect(item.shown.pictures.length).toBeGreaterThan(0)
      expect(item.conversations.flat().every(({ question, answer }) => question !== '' && answer !== '')).toBe(true)
      expect((await section.item(task, 1)).conversations).toEqual(item.conversations)
    }
  })

  it('show a film in order, shuffled, and each frame alone', async () => {
    const [{ item }] = findGroup('video').sections(options)
    const { shown, others = {} } = await item('film-motion', 3)
    expect(shown.seconds).toEqual([0, 1, 2, 3, 4, 5, 6, 7])
    expect(Object.keys(others)).toEqual(['shuffled', ...Array.from({ length: 8 }, (_, at) => `frame ${at}`)])
    expect(others['frame 3']).toEqual({ pictures: [shown.pictures[3]], seconds: [3] })
    expect(others.shuffled.seconds).toEqual(shown.seconds)
    const order = others.shuffled.pictures.map((picture) => shown.pictures.indexOf(picture))
    expect(order).not.toEqual([0, 1, 2, 3, 4, 5, 6, 7])
    expect([...order].sort()).toEqual([0, 1, 2, 3, 4, 5, 6, 7])
  })

  it('ask in both languages about the same', async () => {
    const [english, spanish] = findGroup('language').sections(options)
    const [a, b] = [await english.item('thing-name', 0), await spanish.item('thing-name', 0)]
    expect(a.conversations[0][0].question).not.toBe(b.conversations[0][0].question)
    expect(b.conversations[0][0].language).toBe('es')
    expect(spanish.tasks).toEqual(english.tasks)
  })

  it('put options behind letters', () => {
    const choice = { task: 'thing-name', question: 'what is this?', options: ['dog', 'cat', 'owl', 'bee'], right: 2 }
    expect(choiceTurn(choice)).toMatchObject({ question: 'what is this? A: dog B: cat C: owl D: bee', answer: 'C' })
  })

  it('ask with all there is to see and with nothing', async () => {
    const done: number[] = []
    const rows = await evaluateGroup(findGroup('bias'), {
      ...options,
      examiner: seeing,
      n: 2,
      tasks: ['pope-adversarial', 'chair'],
      onRows: (_rows, at) => done.push(at),
    })
    expect(done).toEqual([1, 2, 3, 4])
    expect(new Set(rows.map(({ section }) => section))).toEqual(new Set(['pope', 'chair']))
    expect(rows.every(({ correct, others }) => correct && !others.blind)).toBe(true)
    for (const { chair } of rows.filter(({ task }) => task === 'chair')) expect(chair?.hallucinated).toEqual([])
  })

  it('are found by name, and refused by name', () => {
    expect(CARD_GROUPS.map(({ id }) => id)).not.toContain('sound')
    expect(() => findGroup('thing')).toThrow('There is no group "thing": use all, or some of shapes, drawings, things')
    expect(sectionsOf(findGroup('things'), options, ['film-when'])).toEqual([])
  })
})

describe('a sheet of answers', () => {
  it('has right and wrong ones of as many tasks as there are', () => {
    const rows = ['thing-name', 'thing-count', 'thing-box'].flatMap((task) =>
      [true, false].flatMap((correct) => Array.from({ length: 4 }, (_, index) => groupRow({ task, correct, index }))),
    )
    const chosen = chooseForSheet(rows, 3, 1)
    expect(chosen.map(({ correct }) => correct)).toEqual([true, true, true, false, false, false])
    expect(new Set(chosen.slice(0, 3).map(({ task }) => task)).size).toBe(3)
    expect(chooseForSheet(rows, 3, 1)).toEqual(chosen)
  })

  it('is a picture with five entries a row', async () => {
    const picture = { width: 8, height: 8, data: new Uint8Array(192).fill(40) }
    const long = groupRow({ question: 'a word '.repeat(40), answer: 'x'.repeat(200), correct: false })
    const entries = [...Array.from({ length: 5 }, () => groupRow({})), long].map((row) => ({ row, picture }))
    const { width, height, data } = await decodeImage(await contactSheet(entries))
    expect([width, height]).toEqual([5 * 156 + 12, 2 * 226 + 12])
    expect(data[3 * (20 * width + 20)]).toBe(40)
  })
})
