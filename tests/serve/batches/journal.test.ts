import { appendFileSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { Journal, type ResultLine } from '../../../src/serve/batches/journal.ts'
import { linesOf } from '../../../src/serve/batches/lines.ts'
import { testFolder } from './asking.ts'

const result = (id: string, status_code = 200): ResultLine => ({
  id,
  custom_id: id,
  response: { status_code, request_id: 'r', body: { text: 'é\n' } },
  error: null,
})

async function written(count = 3): Promise<string> {
  const path = join(testFolder(), 'journal.jsonl')
  const journal = await Journal.open(path)
  await Promise.all(Array.from({ length: count }, (_, line) => journal.append(line, result(`${line}`))))
  await journal.close()
  return path
}

async function opened(path: string) {
  const journal = await Journal.open(path)
  const ids = [0, 1, 2, 3].map(async (line) => (await journal.read(line))?.id)
  const found = { size: journal.size, ids: await Promise.all(ids) }
  await journal.append(2, result('again'))
  await journal.append(3, result('new', 400))
  const after = { ids: [(await journal.read(2))?.id, (await journal.read(3))?.id], failed: journal.failed }
  await journal.close()
  return { found, after }
}

describe('a journal', () => {
  it('has what was written, and one result of each line', async () => {
    const path = await written()
    expect(await opened(path)).toEqual({
      found: { size: 3, ids: ['0', '1', '2', undefined] },
      after: { ids: ['2', 'new'], failed: 1 },
    })
    expect(readFileSync(path, 'utf8').split('\n').length).toBe(5)
  })

  it('cut at any byte has every line that was whole, and goes on after it', async () => {
    const path = await written()
    const whole = readFileSync(path)
    const ends = [...whole.keys()].filter((at) => whole[at] === 0x0a)
    for (let cut = 0; cut < whole.length; cut += 7) {
      writeFileSync(path, whole.subarray(0, cut))
      const { found, after } = await opened(path)
      expect([cut, found.size]).toEqual([cut, ends.filter((end) => end < cut).length])
      expect(after.ids[1]).toBe('new')
      expect((await opened(path)).found.size).toBe(found.size + (found.size === 3 ? 1 : 2))
    }
  })

  it('does without what a power cut left behind its end', async () => {
    for (const tail of ['\0'.repeat(500), '{"line":3}\n', 'null\n', '\n', '{"line":3,"result":{"id":']) {
      const path = await written()
      appendFileSync(path, tail)
      expect((await opened(path)).found).toEqual({ size: 3, ids: ['0', '1', '2', undefined] })
    }
  })
})

describe('lines', () => {
  const split = async (chunks: readonly string[], most = 10) => {
    async function* content() {
      for (const chunk of chunks) yield Buffer.from(chunk)
    }
    const found = []
    for await (const { number, offset, bytes } of linesOf(content(), most))
      found.push([number, offset, bytes && Buffer.from(bytes).toString()])
    return found
  }

  it('are the same however the bytes come', async () => {
    const text = '\ufeffab\n\n \r\nc\r\n0123456789x\nd'
    const expected = [
      [1, 3, 'ab'],
      [4, 10, 'c\r'],
      [5, 13, undefined],
      [6, 25, 'd'],
    ]
    expect(await split([text])).toEqual(expected)
    const bytes = Buffer.from(text)
    for (let cut = 3; cut < bytes.length; cut++)
      expect(await split([bytes.subarray(0, cut).toString(), bytes.subarray(cut).toString()])).toEqual(expected)
  })

  it('are none in nothing', async () => {
    expect(await split([])).toEqual([])
    expect(await split(['\n\n\r\n'])).toEqual([])
  })
})
