import { describe, expect, it } from 'vitest'
import { papers } from '../../../src/papers/registry.ts'
import { lookUp, taxonomyRows } from '../../../src/papers/reports/taxonomy.ts'
import {
  hitProbability,
  memoryBank,
  prefillFlops,
  templates,
} from '../../../src/papers/survey/survey-long-video/budget.ts'
import { checks as longVideoChecks } from '../../../src/papers/survey/survey-long-video/checks.ts'
import { checks as vlmChecks } from '../../../src/papers/survey/survey-vlm/checks.ts'
import { mmeScore } from '../../../src/papers/survey/survey-vlm/formulas.ts'

describe('surveys', () => {
  it('have no dead link, and all of their arithmetic holds', () => {
    const surveys = papers.flatMap(({ taxonomy = [] }) => [...taxonomyRows(taxonomy, papers)])
    const rows = [...surveys, ...vlmChecks(), ...longVideoChecks({ seed: 1 })]
    expect(papers.filter(({ taxonomy }) => taxonomy)).toHaveLength(3)
    expect(rows.filter(({ value }) => value !== 0)).toEqual([])
    expect(rows.length).toBeGreaterThan(20)
  })

  it('are told of links that are dead, leaves that are silent, and leaves that are called open wrongly', () => {
    const leaf = { category: 'a', definition: 'b' }
    const faultsOf = (leaves: Parameters<typeof taxonomyRows>[0]) =>
      [...taxonomyRows(leaves, papers, ['llava'])].map(({ value }) => value)
    expect(faultsOf([{ ...leaf, entries: ['fastv'] }])).toEqual([0, 0, 0, 0, 0])
    expect(faultsOf([{ ...leaf, entries: [] }])).toEqual([0, 0, 1, 0, 0])
    expect(faultsOf([{ ...leaf, entries: [], families: ['no'] }])).toEqual([0, 1, 0, 0, 0])
    expect(faultsOf([{ ...leaf, entries: ['fastv'], open: 'no' }])).toEqual([0, 0, 0, 1, 0])
    expect(() => lookUp([{ ...leaf, entries: ['no-such-paper'] }], papers)).toThrow('no-such-paper')
    expect(lookUp([{ ...leaf, entries: ['fastv', 'eve'] }], papers)[0]).toMatchObject({
      running: [{ id: 'fastv' }],
      described: [{ id: 'eve' }],
    })
  })
})

describe('the calculator', () => {
  it('counts windows, and misses events between frames', () => {
    expect(templates.windows(96, 32, 32, 32)).toBe(96)
    expect(templates.memory(100, 32, 20)).toBe(640)
    expect(hitProbability(5, 64, 3600)).toBeCloseTo(0.089, 3)
    expect(hitProbability(100, 64, 3600)).toBe(1)
    const shape = { layers: 2, width: 8, keyHeads: 1, headWidth: 4, neurons: 16 }
    expect(prefillFlops(shape, 3)).toBe(2 * (4 * 3 * 8 * 12 + 4 * 9 * 8 + 6 * 3 * 8 * 16))
  })

  it('merges the neighbours that are most alike, plainly or by how many they stand for', () => {
    const frames = [
      [1, 0],
      [1, 0.1],
      [0, 1],
      [1, 0.05],
    ]
    const bank = memoryBank(frames, 3)
    expect(bank.map(({ count }) => count)).toEqual([2, 1, 1])
    expect(bank[0].state).toEqual([1, 0.05])
    const line = [
      [1, 0],
      [1, 0],
      [4, 0],
    ]
    expect(memoryBank(line, 1)[0].state[0]).toBeCloseTo(2)
    expect(memoryBank(line, 1, 'plain')[0].state[0]).toBe(2.5)
  })

  it('refuses MME with another number of questions than two', () => {
    expect(() => mmeScore([{ image: 'a', correct: true }])).toThrow('asks two')
  })
})
