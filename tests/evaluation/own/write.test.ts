import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { exportWorld } from '../../../src/evaluation/export-world.ts'
import { openQuestions } from '../../../src/evaluation/own/open-questions.ts'
import type { Answered } from '../../../src/evaluation/own/own-question.ts'
import { readJsonLines } from '../../../src/evaluation/own/read-jsonl.ts'
import { readTsv } from '../../../src/evaluation/own/read-tsv.ts'
import { writeAnswers } from '../../../src/evaluation/own/write-answers.ts'
import { questionTable } from '../../../src/evaluation/own/write-tsv.ts'

const picture = 'aGVsbG8'.repeat(12)

/** What is awkward to write: quotes, tabs, lines, brackets, several answers, what may be near enough. */
const questions = [
  { question: 'which "thing"\n\tis it?\r', options: ['a "dog"', '[cat]'], answers: ['B'], category: 'names' },
  { question: 'what does it say?', answers: ["it's", 'say "no"'] },
  { question: 'and here?', answers: ['[1]'] },
  { question: 'list?', answers: ["['a', 'b']x"], category: '"' },
  { question: 'where?', answers: ['0,0,9,9'], box: [0, 0, 9, 9.5], time: [0, 2] },
] as const

const answered: Answered[] = questions.map((asked, at) => ({
  ...asked,
  ...('box' in asked && { box: [...asked.box], time: [...asked.time] }),
  prompt: `${asked.question} (as asked)`,
  reply: `reply\t${at}`,
  correct: at === 0,
})) as Answered[]

/** What was read, without where it stands. */
const plain = <T extends { place: string; pictures: readonly string[] }>({ place: _, pictures: __, ...asked }: T) =>
  asked

describe('tables of questions', () => {
  it('are read as they were written', () => {
    const table = questionTable(questions.map((asked, at) => ({ ...asked, images: at === 1 ? 0 : [picture] })) as never)
    const read = readTsv('x.tsv', table)
    expect(read.map(plain)).toEqual(questions)
    for (const { pictures } of read) expect(pictures).toEqual([`data:application/octet-stream;base64,${picture}`])
  })

  it('hold several pictures, and one whose text looks like a list', () => {
    const one = { question: 'q', answers: ['a'] }
    const [{ pictures }] = readTsv('x.tsv', questionTable([{ ...one, images: [picture, `${picture}A`] }]))
    expect(pictures.map((url) => url.split(',')[1])).toEqual([picture, `${picture}A`])
  })

  it('refuse what a list cannot hold', () => {
    const asked = { question: 'q', answers: ['both \' and "', 'b'], images: [picture] }
    expect(() => questionTable([asked])).toThrow('holds no text with both kinds of quotes; write JSON lines')
  })
})

describe('answers as VLMEvalKit keeps them', () => {
  const table = writeAnswers('vlmevalkit', answered)

  it('have the columns of the questions, but for pictures, and what was predicted', () => {
    expect(table.split('\n')[0].split('\t')).toEqual(
      ['index', 'question', 'A', 'B', 'answer', 'category', 'box', 'time', 'prediction'], // biome-ignore format: one line
    )
    expect(table).toContain('\t"reply\t3"\n')
  })

  it('are the same questions again, once they have pictures', () => {
    const cells = table.replace(/^index/, 'image').replaceAll(/^[0-4]\t/gm, `${picture}\t`)
    expect(readTsv('x.tsv', cells).map(plain)).toEqual(questions)
  })
})

describe('answers as lmms-eval logs them', () => {
  const withPaths = answered.map((one) => ({ ...one, pictures: ['a.png', 'b.png'], seconds: [0, 1.5] }))
  const lines = writeAnswers('lmms-eval', withPaths)

  it('have its fields', () => {
    const [first, second] = lines.split('\n').slice(0, 2).map((line) => JSON.parse(line)) // biome-ignore format: one step
    expect(first).toMatchObject({
      doc_id: 0,
      input: `${questions[0].question} (as asked)`,
      target: 'B',
      resps: [['reply\t0']],
      filtered_resps: ['reply\t0'],
      exact_match: 1,
    })
    expect(first.doc_hash).toMatch(/^[0-9a-f]{64}$/)
    expect(second).toMatchObject({ target: ["it's", 'say "no"'], exact_match: 0 })
  })

  it('are the same questions again', () => {
    const read = readJsonLines('x.jsonl', lines)
    expect(read.map(({ seconds: _, ...one }) => plain(one))).toEqual(questions)
    for (const { pictures, seconds } of read)
      expect([pictures, seconds]).toEqual([
        ['a.png', 'b.png'],
        [0, 1.5],
      ])
  })

  it('leave out pictures that are no files', () => {
    const [line] = writeAnswers('lmms-eval', [{ ...answered[0], pictures: ['data:image/png;base64,aGk='] }]).split('\n')
    expect(JSON.parse(line).doc).not.toHaveProperty('image')
    expect(() => readJsonLines('x.jsonl', line)).toThrow('x.jsonl:1: it names no "image"')
  })
})

describe('hostile tables and logs', () => {
  const head = ['index', 'image', 'question', 'answer', 'box']
  const tsv = (...rows: string[][]) => rows.map((row) => row.join('\t')).join('\n')
  it.each([
    [
      [
        [...head, 'image'],
        ['0', picture, 'q', 'a', '', picture],
      ],
      'x.tsv:1: it has two columns "image"',
    ],
    [[head, ['0', '0', 'q', 'a', '']], 'x.tsv:2: row 0 has no image of its own to show'],
    [[head, ['0', '[]', 'q', 'a', '']], 'x.tsv:2: there is no row [] whose image it could show'],
    [[head, ['0', `[${' '.repeat(80)}]`, 'q', 'a', '']], 'x.tsv:2: it has no image'],
    [[head, ['0', picture, 'q', 'a', '[1,2,3]']], 'x.tsv:2: its "box" must be 4 numbers in brackets, given "[1,2,3]"'],
    [[head, ['0', picture, 'q', 'a', '[1,2,3,e]']], 'x.tsv:2: its "box" must be 4 numbers in brackets'],
  ])('are refused with their line', (rows, problem) => {
    expect(() => readTsv('x.tsv', tsv(...rows))).toThrow(problem)
  })

  it('seconds that do not fit the pictures are refused', () => {
    const line = JSON.stringify({ images: ['a.png'], seconds: [0, 1], question: 'q', answer: 'a' })
    expect(() => readJsonLines('x.jsonl', line)).toThrow('x.jsonl:1: "seconds" needs one number for each of "images"')
  })
})

describe('Fovea World as a table', () => {
  let folder: string
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'table-'))
  })
  afterEach(() => rmSync(folder, { recursive: true }))

  it('asks what its pictures and JSON lines ask', async () => {
    const what = { task: 'box', split: 'test', seed: 7, n: 3 } as const
    const [table, lines] = [join(folder, 'table'), join(folder, 'lines')]
    expect(await exportWorld({ ...what, outDir: table, form: 'vlmevalkit' })).toBe(3)
    await exportWorld({ ...what, outDir: lines })
    expect(readdirSync(table)).toEqual(['data.tsv'])
    const [read, meant] = [await openQuestions(table), await openQuestions(lines)]
    expect(read.questions.map(plain)).toEqual(meant.questions.map(plain))
    for (const [at, { pictures }] of read.questions.entries()) {
      const bytes = readFileSync(join(lines, meant.questions[at].pictures[0]))
      expect(pictures).toEqual([`data:application/octet-stream;base64,${bytes.toString('base64')}`])
    }
  })

  it('has a row for each turn of a dialogue, all with the picture of the first', async () => {
    await exportWorld({ task: 'dialogue', split: 'test', seed: 7, n: 2, outDir: folder, form: 'vlmevalkit' })
    const { questions: read } = await openQuestions(folder)
    expect(read.length).toBeGreaterThan(2)
    expect(new Set(read.flatMap(({ pictures }) => pictures)).size).toBe(2)
    expect(readFileSync(join(folder, 'data.tsv'), 'utf8')).toMatch(/\n1\t0\t/)
  })

  it.each(['video', 'sound', 'episode', 'voxels'])('refuses %s before it writes', async (task) => {
    const outDir = join(folder, 'new')
    const options = { task, split: 'test', seed: 7, n: 1, outDir, form: 'vlmevalkit' } as const
    await expect(exportWorld(options)).rejects.toMatchObject({ code: 'world_form' })
    expect(readdirSync(folder)).toEqual([])
  })
})
