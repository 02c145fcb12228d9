import { describe, expect, it } from 'vitest'
import { optionTable } from '../../../src/papers/option-table.ts'
import type { Paper } from '../../../src/papers/paper.ts'
import { findPaper, papers } from '../../../src/papers/registry.ts'
import { standingOf } from '../../../src/papers/reports/standing.ts'
import { useOf } from '../../../src/papers/use.ts'
import { benchmarkPoints, benchmarkSection } from '../../../tools/pages/benchmark.ts'
import { math } from '../../../tools/pages/markdown.ts'
import { paperPage } from '../../../tools/pages/page.ts'
import { strayPictures } from '../../../tools/pages/pictures.ts'
import { hasPicture } from '../../../tools/pages/shown.ts'
import { temporaryTree } from '../workspace.ts'

const pageOf = (entry: Paper) => paperPage({ entry, standing: standingOf(entry) })
const reducers = papers.filter(({ kind, method }) => kind[0] === 'reducer' && method)

describe.each(reducers.map((entry) => [entry.id, entry] as const))('the page of %s', (_, entry) => {
  const page = pageOf(entry)

  it('has each part', () => {
    expect(page).toContain('## Rule\n\n```math\n\\begin{aligned}\n& ')
    expect(page).toContain(entry.where!)
    for (const sentence of entry.differs ?? []) expect(page).toContain(`\n- ${sentence}\n`)
    expect(page).toContain(`\nfovea reproduce ${entry.id}\n`)
    expect(page).toContain("from 'fovea'")
    expect(page.includes(`(../images/kept/${entry.id}.png)`)).toBe(hasPicture(entry))
  })

  it('has a row for each option of its schema', () => {
    const names = [...page.matchAll(/^\| `(\w+)` \|/gm)].map(([, name]) => name)
    expect(names).toEqual(Object.keys(entry.options?.shape ?? {}))
    expect(names).toEqual(optionTable(entry).map(({ name }) => name))
  })
})

describe('a page', () => {
  it('shows reducers of images, and no others, in a picture', () => {
    expect(reducers.filter(hasPicture).length).toBeGreaterThan(20)
    expect(['fastv', 'dtd', 'mqt', 'mmstar'].map((id) => hasPicture(findPaper(id)))).toEqual([
      true,
      false,
      false,
      false,
    ])
  })

  it('says how each kind is run', () => {
    expect(['fastv', 'dtd', 'notellm-2', 'mmstar', 'xl-vlms'].map((id) => useOf(findPaper(id)))).toEqual([
      'image',
      'video',
      'embedding',
      'run',
      'run',
    ])
    expect(pageOf(findPaper('vlora'))).toContain('fovea train vlora\nfovea ask examples/scene.png')
    expect(pageOf(findPaper('stc'))).toContain('\nfovea watch examples/clip.mp4 "what happens?" --method stc\n')
  })

  it('sets lines of an equation below each other', () => {
    expect(math('\n  a = 1\n  b = 2\n')).toBe('```math\n\\begin{aligned}\n& a = 1 \\\\\n& b = 2\n\\end{aligned}\n```')
  })
})

describe('the benchmark on a page', () => {
  const csv = 'method,share,"right, %"\ndense,,0.96\nfastv,0.25,0.804\n"a ""b"", c",0.125,0.5\n'

  it('is read from the table for machines', () => {
    expect(benchmarkPoints('fastv', csv).map((point) => [...point])).toEqual([
      [
        ['method', 'fastv'],
        ['share', '0.25'],
        ['right, %', '0.804'],
      ],
    ])
    expect(benchmarkPoints('a "b", c', csv)).toHaveLength(1)
    expect(benchmarkPoints('dense', csv)).toEqual([])
  })

  it('has a row for each share of a method that was measured', () => {
    const [, , table] = benchmarkSection(findPaper('fastv'))
    expect(table).toMatch(/\n\| 25 % \| \d+\.\d \| [-+]\d+\.\d \| .*\n\| 12\.5 % \| /)
    expect(benchmarkSection(findPaper('mqt'))).toEqual([])
  })
})

it('names pictures that are missing or of no page', () => {
  const folder = temporaryTree({ 'fastv.png': '', 'gone.png': '' })
  expect(strayPictures([findPaper('fastv'), findPaper('random'), findPaper('dtd')], folder)).toEqual([
    'gone.png',
    'random.png',
  ])
})
