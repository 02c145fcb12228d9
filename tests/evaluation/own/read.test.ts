import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openQuestions } from '../../../src/evaluation/own/open-questions.ts'
import { readJsonLines } from '../../../src/evaluation/own/read-jsonl.ts'
import { readTsv } from '../../../src/evaluation/own/read-tsv.ts'

const lines = (...records: object[]) => records.map((record) => `${JSON.stringify(record)}\n`).join('')
const tsv = (...rows: string[][]) => rows.map((row) => row.join('\t')).join('\n')

describe('questions as JSON lines', () => {
  it('have pictures, answers, options and categories', () => {
    const [plain, several, chosen] = readJsonLines(
      'data.jsonl',
      lines(
        { image: 'a.png', question: 'how many?', answer: 3 },
        { images: ['a.png', 'b.png'], question: 'same?', answers: ['yes', 'yep'], category: 'pairs' },
        { image: 'a.png', question: 'which?', options: ['dog', 'cat'], answer: 'cat', task: 'names' },
      ),
    )
    expect(plain).toEqual({ place: 'data.jsonl:1', pictures: ['a.png'], question: 'how many?', answers: ['3'] })
    expect(several).toMatchObject({ pictures: ['a.png', 'b.png'], answers: ['yes', 'yep'], category: 'pairs' })
    expect(chosen).toMatchObject({ options: ['dog', 'cat'], answers: ['B'], category: 'names' })
  })

  it('name the frames of films as fovea world writes them', () => {
    const film = { frames: '000003', rate: 2, count: 3, question: 'when?', answer: '0.5', time: [0.5, 0.5] }
    const [{ pictures, seconds, time }] = readJsonLines('data.jsonl', lines(film))
    expect(pictures).toEqual(['000003/00000.png', '000003/00001.png', '000003/00002.png'])
    expect([seconds, time]).toEqual([
      [0, 0.5, 1],
      [0.5, 0.5],
    ])
  })

  it('may be logs of lmms-eval', () => {
    const log = {
      doc_id: 0,
      doc: { image: 'a.png', question: 'what?', answer: 'old' },
      target: 'dog',
      resps: [['cat']],
    }
    expect(readJsonLines('log.jsonl', lines(log))[0]).toMatchObject({ question: 'what?', answers: ['dog'] })
    const bare = { doc: { question: 'what?', answer: 'dog' }, target: 'dog' }
    expect(() => readJsonLines('log.jsonl', lines(bare))).toThrow(/log\.jsonl:1: .*lmms-eval leaves pictures out/)
  })

  it.each([
    ['{"image": "a.png"', 'this line is not JSON'],
    ['{"image":"a.png","answer":"a"}', 'it has no "question"'],
    ['{"image":"a.png","question":"q"}', 'it has neither "answer" nor "answers"'],
    ['{"question":"q","answer":"a"}', 'it names no "image", "images" or "frames"'],
    ['{"image":7,"question":"q","answer":"a"}', 'image: expected a text, given 7'],
    ['{"frames":"a","question":"q","answer":"a"}', '"frames" needs "count"'],
    ['{"image":"a.png","question":"q","options":["x","y"],"answer":"z"}', 'the answer "z" is neither a letter'],
  ])('are refused with their line: %s', (line, problem) => {
    const good = lines({ image: 'a.png', question: 'q', answer: 'a' })
    expect(() => readJsonLines('data.jsonl', `${good}\n${line}\n`)).toThrow(`data.jsonl:3: ${problem}`)
  })
})

describe('questions as tab-separated columns', () => {
  const data = 'aGVsbG8'.repeat(12)
  const head = ['index', 'image', 'question', 'hint', 'A', 'B', 'answer', 'category']

  it('have pictures in base64, and options', () => {
    const rows = readTsv(
      'x.tsv',
      tsv(
        head,
        ['0', data, '"which ""thing""\nis it?"', '', 'dog', 'cat', 'B', 'names'],
        ['1', '0', 'and now?', 'look', 'dog', 'cat', 'A', 'names'],
        ['2', data, 'how many?', '', '', '', '4', 'counts'],
      ),
    )
    expect(rows[0]).toEqual({
      place: 'x.tsv:2',
      pictures: [`data:application/octet-stream;base64,${data}`],
      question: 'which "thing"\nis it?',
      answers: ['B'],
      options: ['dog', 'cat'],
      category: 'names',
    })
    expect(rows[1]).toMatchObject({ place: 'x.tsv:4', pictures: rows[0].pictures, question: 'look\nand now?' })
    expect(rows[2]).toEqual({ ...rows[2], place: 'x.tsv:5', answers: ['4'] })
    expect(rows[2].options).toBeUndefined()
  })

  it('or paths of one or several', () => {
    const [one, two] = readTsv(
      'x.tsv',
      tsv(['image_path', 'question', 'answer'], ['a.png', 'q', 'a'], ["['a.png', 'b.png']", 'q', 'a']),
    )
    expect([one.pictures, two.pictures]).toEqual([['a.png'], ['a.png', 'b.png']])
  })

  it.each([
    [[['question', 'answer']], 'x.tsv:1: it has neither a column "image" nor "image_path"'],
    [[['image', 'question']], 'x.tsv:1: it has no column "answer"'],
    [[head, ['0', data, 'q']], 'x.tsv:2: it has 3 columns, the first line has 8'],
    [[head, ['0', '9', 'q', '', '', '', 'a', '']], 'x.tsv:2: there is no row 9 whose image it could show'],
    [[head, ['0', data, 'q', '', '', '', '', '']], 'x.tsv:2: its "answer" is empty'],
    [[head, ['0', data, '"q', '', '', '', 'a', '']], 'x.tsv:2: a quote that opens here is never closed'],
  ])('are refused with their line', (rows, problem) => {
    expect(() => readTsv('x.tsv', tsv(...rows))).toThrow(problem)
  })
})

describe('folders of questions', () => {
  let folder: string
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'own-'))
  })
  afterEach(() => rmSync(folder, { recursive: true }))

  const write = (name: string, content = lines({ image: 'a.png', question: 'q', answer: 'a' })) =>
    writeFileSync(join(folder, name), content)

  it('hold one file of them, or data.jsonl among others', async () => {
    write('questions.jsonl', `\uFEFF${lines({ image: 'a.png', question: 'q', answer: 'a' })}`)
    expect(await openQuestions(folder)).toMatchObject({ folder, file: join(folder, 'questions.jsonl') })
    write('data.jsonl')
    expect((await openQuestions(folder)).file).toBe(join(folder, 'data.jsonl'))
    expect((await openQuestions(join(folder, 'questions.jsonl'))).questions).toHaveLength(1)
  })

  it('say of a picture on the network that it is not fetched', async () => {
    const picture = (image: string) => lines({ image, question: 'q', answer: 'a' })
    for (const url of ['https://example.org/a.png', 'HTTP://example.org/a.png', 's3://bucket/a.png']) {
      write('data.jsonl', `${picture('a.png')}${picture(url)}`)
      await expect(openQuestions(folder)).rejects.toMatchObject({
        code: 'eval_data',
        message: `${join(folder, 'data.jsonl')}:2: ${url}: pictures are not fetched from the network; download it and name the file`,
      })
    }
    write('data.jsonl', ['data:image/png;base64,aGk=', 'file:///a.png', 'C:/a.png', 'a:b.png'].map(picture).join(''))
    expect((await openQuestions(folder)).questions).toHaveLength(4)
  })

  it('say what is missing', async () => {
    await expect(openQuestions(folder)).rejects.toThrow('it holds no .jsonl and no .tsv file')
    await expect(openQuestions(join(folder, 'none'))).rejects.toThrow('no such file')
    write('a.jsonl', '\n')
    await expect(openQuestions(folder)).rejects.toThrow('a.jsonl: it holds no question')
    write('b.tsv', 'x')
    await expect(openQuestions(folder)).rejects.toThrow('name one: a.jsonl, b.tsv')
    write('c.txt')
    await expect(openQuestions(join(folder, 'c.txt'))).rejects.toThrow('questions are read from .jsonl')
  })
})
