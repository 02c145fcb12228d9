import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type ReproduceOptions, reproduce } from '../../../src/papers/reports/reproduce.ts'
import type { Row } from '../../../src/papers/reports/row.ts'
import { writeTinyModel } from '../../cli/tiny-model.ts'

/** On a machine that is busy with others. */
const PATIENCE = 300_000

let folder: string
let model: string
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'fovea-asking-runs-'))
  model = await writeTinyModel(join(folder, 'model'))
})
afterAll(() => rmSync(folder, { recursive: true }))

async function rowsOf(id: string, options: ReproduceOptions = {}): Promise<Row[]> {
  const run = reproduce(id, { model, threads: 1, quick: true, n: 2, runs: join(folder, 'runs'), ...options })
  const rows: Row[] = []
  for (;;) {
    const { value, done } = await run.next()
    if (done) return rows
    rows.push(value)
  }
}

const own = (rows: readonly Row[], part: Row['part']) => rows.filter((row) => row.part === part)

it.each(['data-types', 'explain-compress', 'glov', 'ima', 'intriguing', 'llm4vg', 'stic'])(
  'runs %s on a model that knows nothing: exact checks hold, and nothing is claimed of it that was not measured',
  { timeout: PATIENCE },
  async (id) => {
    const rows = await rowsOf(id)
    for (const row of own(rows, 'checks')) expect(row).toMatchObject({ value: 0, holds: true })
    const effect = own(rows, 'effect')
    expect(effect.length).toBeGreaterThanOrEqual(3)
    expect(new Set(effect.map(({ name }) => name)).size).toBe(effect.length)
    for (const row of effect.filter(({ count }) => count === 0)) expect(row.reason).toContain('not measured: ')
  },
)

it('asks another language model where it is told to, and asks nothing twice', { timeout: PATIENCE }, async () => {
  const prompts: string[] = []
  const server = createServer((request, response) => {
    let body = ''
    request.on('data', (chunk) => {
      body += chunk
    })
    request.on('end', () => {
      prompts.push(JSON.parse(body).messages[0].content)
      response.end(JSON.stringify({ choices: [{ message: { content: 'The answer is [1s, 3s].' } }] }))
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const llm = { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`, model: 'reader' }
  const rows = await rowsOf('llm4vg', { llm, only: ['effect'] })
  server.closeAllConnections()
  server.close()
  expect(rows.find(({ name }) => name === 'captions, one-shot: answered')!.value).toBe(100)
  expect(prompts).toHaveLength(12) // two films, two diaries, three prompts
  expect(new Set(prompts).size).toBe(12)
  await expect(rowsOf('llm4vg', { llm: { url: 'ftp://x' } })).rejects.toMatchObject({ code: 'llm_url' })
})
