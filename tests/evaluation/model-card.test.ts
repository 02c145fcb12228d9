import { describe, expect, it } from 'vitest'
import type { GroupRow } from '../../src/evaluation/groups/evaluate.ts'
import { summariseGroup } from '../../src/evaluation/groups/group-summary.ts'
import { markdownTable, sectionTable } from '../../src/evaluation/groups/group-tables.ts'
import { targetsOf } from '../../src/evaluation/groups/targets.ts'
import { modelCard } from '../../src/evaluation/model-card.ts'
import { groupRow as row } from './group-row.ts'

const times = (count: number, change: Partial<GroupRow>): GroupRow[] => Array.from({ length: count }, () => row(change))

describe('summaries of groups', () => {
  it('count every task alike in the mean, and what was held out apart', () => {
    const [summary] = summariseGroup([
      ...times(8, {}),
      ...times(2, { correct: false, heldOut: true, others: { blind: true } }),
      row({ task: 'thing-box', iou: 0.7 }),
      row({ task: 'thing-box', iou: 0.3, correct: false }),
    ])
    expect(summary.tasks.map(({ task, count, accuracy }) => [task, count, accuracy.share])).toEqual([
      ['thing-name', 10, 0.8],
      ['thing-box', 2, 0.5],
    ])
    expect(summary.average.accuracy.share).toBeCloseTo(0.65)
    expect(summary.average.blind).toBeCloseTo(0.1)
    expect(summary.tasks[1].meanIou).toBeCloseTo(0.5)
    expect(summary.heldOut).toMatchObject({ share: 0, count: 2 })
    expect(summary.seen.share).toBeCloseTo(0.9)
  })

  it('hold films against their frames in another order and the one frame that helps most', () => {
    const arms = (blind: boolean, shuffled: boolean, first: boolean, last: boolean) => ({
      others: { blind, shuffled, 'frame 0': first, 'frame 1': last },
    })
    const films = [arms(false, true, true, true), arms(false, false, false, true), arms(false, false, true, true)]
    const [summary] = summariseGroup(films.map((each) => row({ task: 'film-order', ...each })))
    const [task] = summary.tasks
    expect(task).toMatchObject({ shuffled: 1 / 3, bestFrame: { frame: 'frame 1', share: 1 } })
    expect(summary.average).toMatchObject({ shuffled: 1 / 3, bestFrame: 1 })
    expect(sectionTable(summary).header).toContain('best frame')
  })

  it('know polls, captions and moments', () => {
    const said = [
      row({ task: 'pope-random', answer: 'yes', reply: 'yes' }),
      row({ task: 'pope-random', answer: 'no', reply: 'yes', correct: false }),
    ]
    const chair = { named: ['dog', 'cat'], hallucinated: ['cat'], covered: 1 }
    const [summary] = summariseGroup([
      ...said,
      row({ task: 'chair', chair }),
      row({ task: 'film-when', correct: false, off: 1 }),
      row({ task: 'film-when', correct: false, off: 3 }),
    ])
    const [pope, captions, when] = summary.tasks
    expect(pope.pope).toMatchObject({ accuracy: 0.5, precision: 0.5, recall: 1, yes: 1 })
    expect(captions.chair).toEqual({ instances: 0.5, sentences: 1 })
    expect(when.withinSecond).toBe(0.5)
  })

  it('have columns only for what there is', () => {
    const [summary] = summariseGroup([row({}), row({ task: 'thing-count' })])
    expect(markdownTable(sectionTable(summary)).split('\n')).toEqual([
      '| task | questions | right (95 % interval) | blind | random | majority |',
      '|---|--:|--:|--:|--:|--:|',
      '| thing-name | 1 | 100.0 % (20.7-100.0) | 0.0 % | 50.0 % | 0.0 % |',
      '| thing-count | 1 | 100.0 % (20.7-100.0) | 0.0 % | 50.0 % | 0.0 % |',
      '| mean of tasks | 2 | 100.0 % (43.9-100.0) | 0.0 % | 50.0 % | 0.0 % |',
    ])
  })
})

describe('the aims of fovea-mini', () => {
  const unseen = [...times(6, {}), ...times(4, { correct: false })].map((each) => ({ ...each, section: 'fxemoji' }))
  const motion = { task: 'film-motion', others: { blind: false, shuffled: false, 'frame 0': true } }
  const language = [...times(9, {}), ...times(1, { correct: false })]
  const measured = {
    things: summariseGroup([...times(8, {}), ...times(2, { correct: false }), ...unseen]),
    video: summariseGroup(times(4, motion)),
    language: summariseGroup([
      ...language.map((each) => ({ ...each, section: 'en' })),
      ...times(10, {}).map((each) => ({ ...each, section: 'es' })),
    ]),
  }
  const named = (name: string) => targetsOf(measured).find((target) => target.name === name)!

  it('say by how much they were missed', () => {
    expect(named('naming a thing of trained vendors')).toMatchObject({ found: 80, isMet: false, missing: 10 })
    expect(named('naming a thing of the vendor never seen')).toMatchObject({ found: 60, isMet: true, missing: 0 })
    expect(named('which way it moves, above the best single frame')).toMatchObject({ found: 0, missing: 25 })
    expect(named('Spanish behind English').found).toBeCloseTo(-10)
    expect(named('Spanish behind English').isMet).toBe(true)
  })

  it('are not met by what was not measured', () => {
    expect(named('counting things')).toMatchObject({ found: undefined, isMet: false })
  })

  it('stand at the top of a card with a table for each section', () => {
    const sections = measured.things.map((section) => ({ ...section, title: `drawn by ${section.section}` }))
    const groups = [{ id: 'things', about: 'one picture of things', sections }]
    const facts = { parameters: 4_580_000, visualTokens: 144, imageSize: 96, seed: 1, split: 'test', frames: 8 }
    const card = modelCard({ ...facts, groups, sheet: 'answers.png', command: 'fovea eval world' })
    expect(card).toContain('4.58 million')
    expect(card).toContain(
      'naming a thing of trained vendors: 80.0 % (49.0-94.3), aim at least 90 %: **missed by 10.0 points**',
    )
    expect(card).toContain('- counting things: not measured, aim at least 85 %')
    expect(card.match(/\| task \|/g)).toHaveLength(2)
    expect(card).toContain('](answers.png)')
    expect(card).toContain('```sh\nfovea eval world\n```')
    expect(card).not.toMatch(/NaN|undefined/)
  })
})
