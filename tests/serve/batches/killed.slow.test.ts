import { appendFileSync, existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { ownCache } from '../../quantization/cache-folder.ts'
import { clientOf, jsonl, linesOf, question, serve, start, testFolder, until } from './asking.ts'

ownCache()

const COUNT = 60

describe('a server that is killed', () => {
  it('goes on with its batches where it was: nothing is lost, asked again or written twice', async () => {
    const data = testFolder()
    const first = await serve('--data', data)
    const { id } = await start(
      clientOf(first.url),
      jsonl(Array.from({ length: COUNT }, (_, at) => question(`${at}`, 10))),
    )
    await until(clientOf(first.url), id, ({ request_counts }) => request_counts!.completed > 5)
    first.child.kill('SIGKILL')
    await first.ended
    const journal = join(data, 'batches', `${id}.jsonl`)
    const before = readFileSync(journal, 'utf8').split('\n').slice(0, -1)
    appendFileSync(journal, '{"line":9,"result":{"id":"batch_re') // as if it had died over this one
    const answered = new Map(before.map((line) => JSON.parse(line).result).map((result) => [result.custom_id, result]))
    expect(answered.size).toBeGreaterThan(5)
    expect(answered.size).toBeLessThan(COUNT)

    const second = await serve('--data', data)
    const other = await serve('--data', data)
    expect(other.url).toMatch(/another server \(process \d+\) keeps its files there/)
    const batch = await until(clientOf(second.url), id)
    expect(batch).toMatchObject({ status: 'completed', request_counts: { total: COUNT, completed: COUNT, failed: 0 } })
    const output = await linesOf(clientOf(second.url), batch.output_file_id)
    expect(output.map(({ custom_id }) => custom_id)).toEqual(Array.from({ length: COUNT }, (_, at) => `${at}`))
    for (const line of output) if (answered.has(line.custom_id)) expect(line).toEqual(answered.get(line.custom_id))
    expect(existsSync(journal)).toBe(false)
    second.child.kill('SIGINT')
    await second.ended
  })

  it('or ended, does not lose the one under way; and keeps nothing without a folder', async () => {
    const data = testFolder()
    const first = await serve('--data', data)
    const { id } = await start(clientOf(first.url), jsonl([question('long', 1500), question('short')]))
    await until(clientOf(first.url), id, ({ status }) => status === 'in_progress')
    first.child.kill('SIGINT')
    expect((await first.ended).status).toBe(130)
    const second = await serve('--data', data)
    const batch = await until(clientOf(second.url), id)
    const [long] = await linesOf(clientOf(second.url), batch.output_file_id)
    expect(long.response!.body.usage!.completion_tokens).toBe(1500)
    second.child.kill('SIGINT')
    await second.ended
    const none = await serve()
    const refused = await fetch(`${none.url}/v1/files`)
    expect([refused.status, await refused.text()]).toEqual([501, expect.stringContaining('--data')])
    none.child.kill('SIGINT')
    await none.ended
  })
})
