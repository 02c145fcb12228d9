import { readdirSync } from 'node:fs'
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { FoveaError } from '../../src/errors.ts'
import { KINDS, type Paper, paper } from '../../src/papers/paper.ts'
import { papers as entries, filterPapers, findPaper } from '../../src/papers/registry.ts'

/** Algorithms and baselines beside the catalogue have looser facts. */
const papers = entries.filter((entry) => (entry.role ?? 'catalogue') === 'catalogue')

/** Papers in the catalogue; adding one raises it. */
const COUNT = 63

const folder = fileURLToPath(new URL('../../src/papers', import.meta.url))
const files = readdirSync(folder, { recursive: true, encoding: 'utf8' })
  .map((file) => file.replaceAll('\\', '/'))
  .filter((file) => KINDS.some((kind) => kind === dirname(file)) && file.endsWith('.ts'))
const withoutDuplicates = <T>(values: T[]) => [...new Set(values)]

describe('the catalogue', () => {
  it(`holds ${COUNT} papers, sorted by id`, () => {
    const ids = papers.map((entry) => entry.id)
    expect(ids).toHaveLength(COUNT)
    expect(ids).toEqual(withoutDuplicates(ids).sort())
  })

  it('has one file per paper, named by its id, in the folder of its first kind', () => {
    expect(entries.map((entry) => `${entry.kind[0]}/${entry.id}.ts`).sort()).toEqual([...files].sort())
  })

  it('says no two things alike', () => {
    for (const field of ['name', 'title', 'url', 'summary'] as const) {
      const values = papers.map((entry) => entry[field])
      expect(values).toEqual(withoutDuplicates(values))
    }
  })

  it('uses every kind', () => {
    expect(withoutDuplicates(papers.flatMap((entry) => entry.kind)).sort()).toEqual([...KINDS].sort())
  })
})

describe.each(papers.map((entry) => [entry.id, entry] as const))('%s', (_, entry) => {
  it('has a date in the past', () => {
    expect(entry.date).toMatch(/^20\d\d-(0[1-9]|1[0-2])$/)
    expect(entry.date <= new Date().toISOString().slice(0, 7)).toBe(true)
  })

  it('links to its arXiv page, and its identifier agrees with the date', () => {
    expect(new URL(entry.url!).protocol).toBe('https:')
    if (entry.arxiv === undefined) return expect(entry.url).not.toContain('arxiv.org')
    expect(entry.arxiv).toMatch(/^\d{4}\.\d{5}$/)
    expect(entry.url).toBe(`https://arxiv.org/abs/${entry.arxiv}`)
    expect(entry.date).toBe(`20${entry.arxiv.slice(0, 2)}-${entry.arxiv.slice(2, 4)}`)
  })

  it('links to its code at the root of a repository', () => {
    if (entry.code !== undefined) expect(entry.code).toMatch(/^https:\/\/github\.com\/[\w-]+\/[\w.-]+$/)
  })

  it('names a venue with its year, not before the paper', () => {
    if (entry.venue === undefined) return
    expect(entry.venue).toMatch(/^[A-Z][\w ]+ 20\d\d$/)
    expect(Number(entry.venue.slice(-4))).toBeGreaterThanOrEqual(Number(entry.date.slice(0, 4)))
  })

  it('has a summary of readable length, in whole sentences', () => {
    expect(entry.summary.length).toBeGreaterThanOrEqual(80)
    expect(entry.summary.length).toBeLessThanOrEqual(420)
    expect(entry.summary).toMatch(/^[A-Z]/)
    expect(entry.summary).toMatch(/\.$/)
    expect(entry.summary).not.toMatch(/\s{2}|\n/)
  })

  it('lists no kind or place twice, and only surveys intervene nowhere', () => {
    expect(entry.kind).toEqual(withoutDuplicates(entry.kind))
    expect(entry.places).toEqual(withoutDuplicates(entry.places))
    if (!entry.kind.includes('survey')) expect(entry.places).not.toEqual([])
  })
})

describe('what pages say of a method', () => {
  const told = entries.filter(({ equation, where, differs }) => equation ?? where ?? differs)

  it('has a rule and what its symbols are for every reducer that runs', () => {
    const reducers = entries.filter(({ kind, method }) => kind[0] === 'reducer' && method)
    expect(reducers.length).toBeGreaterThan(30)
    expect(reducers.filter(({ equation, where }) => !equation || !where).map(({ id }) => id)).toEqual([])
  })

  it.each(told.map((entry) => [entry.id, entry] as const))('%s: whole formulas and sentences', (_, entry) => {
    const { equation = '', where = '.', differs = [] } = entry
    expect(equation.split('{').length).toBe(equation.split('}').length)
    expect(equation).not.toMatch(/\$|[^\x20-\x7e\n]/)
    for (const sentence of [where, ...differs]) expect(sentence).toMatch(/\.$/)
    expect(differs).toEqual(withoutDuplicates([...differs]))
  })

  it('gives examples that the options take', () => {
    for (const { options, example } of entries) expect(options?.safeParse({ ...example }).success ?? true).toBe(true)
  })
})

describe('findPaper', () => {
  it('finds a paper by its id', () => {
    expect(findPaper('mmstar').title).toBe('Are We on the Right Way for Evaluating Large Vision-Language Models?')
  })

  it('names the closest ids when there is no such paper', () => {
    expect(failure(() => findPaper('lava-mini'))).toEqual({
      code: 'unknown_paper',
      kind: 'usage',
      message: 'no paper named "lava-mini"; did you mean llava-mini, llava-more?',
    })
  })

  it('says where to look when nothing is close', () => {
    expect(failure(() => findPaper('zzzzzzzzzzzz')).message).toBe(
      'no paper named "zzzzzzzzzzzz"; list them: fovea papers',
    )
  })
})

describe('filterPapers', () => {
  it('gives all papers without a condition', () => {
    expect(filterPapers()).toEqual(entries)
    expect(filterPapers({ text: '  ' })).toEqual(entries)
  })

  it('counts every kind of a paper', () => {
    const reducers = filterPapers({ kind: 'reducer' })
    expect(reducers).toContain(findPaper('aim'))
    expect(reducers).toContain(findPaper('mqt'))
    expect(reducers).not.toContain(findPaper('mmstar'))
  })

  it('wants every word, in any case and field', () => {
    expect(filterPapers({ text: 'pagerank' }).map((entry) => entry.id)).toContain('aim')
    expect(filterPapers({ text: 'AIM merging' }).map((entry) => entry.id)).toContain('aim')
    expect(filterPapers({ text: '2412.03248' }).map((entry) => entry.id)).toEqual(['aim'])
    expect(filterPapers({ text: 'pagerank nonsense' })).toEqual([])
    expect(filterPapers({ kind: 'evaluation', text: 'pagerank' })).toEqual([])
  })

  it('refuses a kind that does not exist', () => {
    expect(failure(() => filterPapers({ kind: 'reducers' }))).toEqual({
      code: 'unknown_kind',
      kind: 'usage',
      message: expect.stringContaining('no kind of paper named "reducers"; did you mean reducer'),
    })
  })
})

describe('paper', () => {
  const runnable = paper({
    ...findPaper('fopru'),
    options: z.object({ keep: z.number().default(0.5) }),
    method: ({ keep }) => ({ see: { views: (views) => views.slice(0, Math.round(views.length * keep)) } }),
  })

  it('infers the options and the method, and still fits among the others', () => {
    const list: Paper[] = [runnable]
    expect(runnable.method?.({ keep: 0.25 }).see?.views).toBeTypeOf('function')
    expect(list).toHaveLength(1)
  })
})

function failure(run: () => unknown): Pick<FoveaError, 'code' | 'kind' | 'message'> {
  try {
    run()
  } catch (error) {
    if (error instanceof FoveaError) return { code: error.code, kind: error.kind, message: error.message }
    throw error
  }
  throw new Error('no error was thrown')
}
