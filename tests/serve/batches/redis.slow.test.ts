import { describe, expect, it } from 'vitest'
import { fovea, type Started, startFovea } from '../../cli/fovea.ts'
import { ownCache } from '../../quantization/cache-folder.ts'
import { clientOf, jsonl, linesOf, question, serve, start, testFolder, until } from './asking.ts'
import { freePort, hasRedis, redisAt, redisServer } from './redis-server.ts'

ownCache()

interface Working extends Started {
  /** Requests that it answered. */
  answered(): number
}

async function worker(redis: string): Promise<Working> {
  const started = startFovea(['worker', '--redis', redis])
  let said = ''
  started.child.stderr!.on('data', (text: string) => {
    said += text
  })
  await new Promise<void>((resolve, reject) => {
    started.child.stdout!.once('data', () => resolve())
    void started.ended.then(({ stderr }) => reject(new Error(stderr)))
  })
  return { ...started, answered: () => said.split('\n').filter((line) => / 200 \d+ ms$/.test(line)).length }
}

const COUNT = 60
const lines = jsonl(Array.from({ length: COUNT }, (_, at) => question(`${at}`, at === 20 ? 1500 : 40)))
const ids = Array.from({ length: COUNT }, (_, at) => `${at}`)

describe.skipIf(!hasRedis)('batches over Redis (needs redis-server)', () => {
  it('lose nothing and write nothing twice when a worker and the server are killed', async () => {
    const redis = `redis://${await redisServer()}`
    const data = testFolder()
    const [first, one, two] = await Promise.all([serve('--data', data, '--redis', redis), worker(redis), worker(redis)])
    const { id } = await start(clientOf(first.url), lines)
    await until(clientOf(first.url), id, ({ request_counts }) => request_counts!.completed > 5)
    one.child.kill('SIGKILL')
    first.child.kill('SIGKILL')
    await Promise.all([one.ended, first.ended])
    const second = await serve('--data', data, '--redis', redis)
    const batch = await until(clientOf(second.url), id)
    expect(batch).toMatchObject({ status: 'completed', request_counts: { total: COUNT, completed: COUNT, failed: 0 } })
    const output = await linesOf(clientOf(second.url), batch.output_file_id)
    expect(output.map(({ custom_id }) => custom_id)).toEqual(ids)
    expect(one.answered() + two.answered()).toBeLessThanOrEqual(COUNT + 1) // the one that the first was killed over
    expect(one.answered()).toBeGreaterThan(0)
    expect(two.answered()).toBeGreaterThan(0)
    for (const { child, ended } of [second, two]) {
      child.kill('SIGINT')
      await ended
    }
  })

  it('wait for workers, and are cancelled without one', async () => {
    const redis = `redis://${await redisServer()}`
    const server = await serve('--data', testFolder(), '--redis', redis)
    const client = clientOf(server.url)
    const { id } = await start(client, lines)
    await until(client, id, ({ status }) => status === 'in_progress')
    await client.batches.cancel(id)
    const batch = await until(client, id)
    expect(batch).toMatchObject({ status: 'cancelled', request_counts: { completed: 0 } })
    const { id: next } = await start(client, jsonl([question('a')]))
    const { child, ended } = await worker(redis)
    expect(await until(client, next)).toMatchObject({ status: 'completed', request_counts: { completed: 1 } })
    for (const each of [child, server.child]) each.kill('SIGINT')
    expect((await ended).status).toBe(130)
    await server.ended
  })

  it('survive a Redis that is killed and has forgotten everything, and end without one', async () => {
    const port = await freePort()
    const redis = await redisAt(port)
    const [server, { child, ended, answered }] = await Promise.all([
      serve('--data', testFolder(), '--redis', `redis://${redis.host}`),
      worker(`redis://${redis.host}`),
    ])
    const { id } = await start(clientOf(server.url), lines)
    await until(clientOf(server.url), id, ({ request_counts }) => request_counts!.completed > 5)
    await redis.kill()
    const again = await redisAt(port)
    const batch = await until(clientOf(server.url), id)
    expect(batch).toMatchObject({ status: 'completed', request_counts: { total: COUNT, completed: COUNT } })
    expect((await linesOf(clientOf(server.url), batch.output_file_id)).map(({ custom_id }) => custom_id)).toEqual(ids)
    expect(answered()).toBeLessThan(2 * COUNT)
    await again.kill()
    const stopped = performance.now()
    for (const each of [child, server.child]) each.kill('SIGINT')
    expect([(await ended).status, (await server.ended).status]).toEqual([130, 130])
    expect(performance.now() - stopped).toBeLessThan(20_000)
  })

  it('say in one line what is wrong with a Redis', async () => {
    const guarded = await redisServer('--requirepass', 'right')
    const forgetful = await redisServer('--maxmemory', '10mb', '--maxmemory-policy', 'allkeys-lru')
    const nobody = `127.0.0.1:${await freePort()}`
    const wrong: [string, number, string][] = [
      [`redis://${nobody}`, 5, `Redis at ${nobody} does not answer (ECONNREFUSED); start it, or give another address`],
      [`redis://${guarded}`, 5, `Redis at ${guarded} refuses the name or the password`],
      [`redis://:secret@${guarded}`, 5, `Redis at ${guarded} refuses the name or the password`],
      [`redis://${forgetful}`, 5, 'may forget jobs when it is full (allkeys-lru); set maxmemory-policy to noeviction'],
      ['http://127.0.0.1', 2, 'give an address such as redis://127.0.0.1:6379'],
    ]
    for (const [redis, status, text] of wrong) {
      const ended = await fovea('worker', '--redis', redis)
      expect([redis, ended.status, ended.stderr]).toEqual([redis, status, expect.stringContaining(text)])
      expect([ended.stderr.split('\n').length, ended.stderr]).toEqual([2, expect.not.stringContaining('secret')])
    }
    const server = await fovea('serve', '--data', testFolder(), '--redis', `redis://${nobody}`)
    expect([server.status, server.stderr]).toEqual([5, expect.stringContaining('does not answer')])
  })
})
