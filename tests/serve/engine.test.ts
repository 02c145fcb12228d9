import { once } from 'node:events'
import { type AddressInfo, createServer as createNetServer } from 'node:net'
import { describe, expect, it } from 'vitest'
import { Queue } from '../../src/serve/engine/queue.ts'
import { createServer } from '../../src/serve/server.ts'
import { eventsOf, picture, say, serving, square, text } from './serving.ts'

describe('the queue', () => {
  const gate = () => {
    let open = () => {}
    const wait = new Promise<void>((resolve) => (open = resolve))
    return { wait, open }
  }

  it('runs so many at once, in order, and refuses more than so many in line', async () => {
    const queue = new Queue(1, 2)
    const [first, done] = [gate(), [] as string[]]
    const work = (name: string) => async () => {
      if (name === 'a') await first.wait
      done.push(name)
    }
    const all = ['a', 'b', 'c'].map((name) => queue.run(work(name)))
    await expect(queue.run(work('d'))).rejects.toMatchObject({ code: 'queue_full', kind: 'resource' })
    first.open()
    await Promise.all(all)
    expect(done).toEqual(['a', 'b', 'c'])
    expect([queue.running, queue.waiting]).toEqual([0, 0])
  })

  it('lets the patient begin when nobody else waits, and they take nobody the place', async () => {
    const queue = new Queue(1, 1)
    const [first, done] = [gate(), [] as string[]]
    const work = (name: string) => async () => {
      if (name === 'patient') await first.wait
      done.push(name)
    }
    const patient = ['patient', 'later', 'last'].map((name) => queue.patient.run(work(name)))
    const others = ['a', 'b'].map((name) => queue.run(work(name))) // b has the place that the patient one keeps from a
    await expect(queue.run(work('c'))).rejects.toMatchObject({ code: 'queue_full' })
    first.open()
    await Promise.all([...patient, ...others])
    expect(done).toEqual(['patient', 'a', 'b', 'later', 'last'])
    await queue.close()
    await expect(queue.patient.run(work('d'))).rejects.toMatchObject({ code: 'server_closing' })
  })

  it('lets go of those who went away, of failures, and drains when it is closed', async () => {
    const queue = new Queue(1, 2)
    const first = gate()
    const running = queue.run(() => first.wait)
    const controller = new AbortController()
    const waiting = queue.run(async () => 'never', controller.signal)
    controller.abort(new Error('gone'))
    await expect(waiting).rejects.toThrow('gone')
    const closed = queue.close()
    await expect(queue.run(async () => 1)).rejects.toMatchObject({ code: 'server_closing' })
    first.open()
    await Promise.all([running, closed])
    const other = new Queue(1, 1)
    await expect(other.run(() => Promise.reject(new Error('no')))).rejects.toThrow('no')
    expect(await other.run(async () => 2)).toBe(2)
  })
})

const long = (more: object = {}) => ({
  messages: [say('what is red?')],
  max_tokens: 1500,
  ignore_eos: true,
  stream: true,
  ...more,
})

describe('the engine', () => {
  const site = serving()
  const running = async () => {
    const page = await (await site.get('/metrics')).text()
    return Number(/num_requests_running\{.*\} (\d+)/.exec(page)?.[1])
  }
  const until = async (is: () => Promise<boolean>, most = 20_000) => {
    const started = performance.now()
    while (!(await is())) {
      if (performance.now() - started > most) throw new Error('it did not come to be')
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
    return performance.now() - started
  }

  /** Milliseconds of a hundred answers of /health, the shortest first. */
  const healthTimes = async () => {
    const times: number[] = []
    for (let at = 0; at < 100; at++) {
      const started = performance.now()
      expect((await site.get('/health')).status).toBe(200)
      times.push(performance.now() - started)
    }
    return times.sort((a, b) => a - b)
  }

  it('leaves the server free while it answers', async () => {
    const idle = await healthTimes()
    const controller = new AbortController()
    const init = { signal: controller.signal }
    const answer = await site.post(
      '/v1/chat/completions',
      long({ messages: [say([picture(await square()), text('?')])] }),
      init,
    )
    const busy = await healthTimes()
    expect(await running()).toBe(1)
    controller.abort()
    await answer.text().catch(() => {})
    const show = (times: readonly number[]) => `p50 ${times[50].toFixed(1)} ms, p99 ${times[98].toFixed(1)} ms`
    console.log(`/health: ${show(idle)}; while an answer is made: ${show(busy)}`)
    expect(busy[50]).toBeLessThan(200) // other processes share the cores of the machine that runs this
  })

  it('stops within a step when the client goes away, with a stream, without, and in line', async () => {
    await until(async () => (await running()) === 0)
    for (const stream of [true, false]) {
      const controller = new AbortController()
      const asked = site.post('/v1/chat/completions', long({ stream }), { signal: controller.signal })
      const waiting = new AbortController()
      await until(async () => (await running()) === 1)
      const second = site.post('/v1/chat/completions', long(), { signal: waiting.signal })
      waiting.abort()
      await expect(second).rejects.toThrow()
      controller.abort()
      await asked.then((response) => response.text()).catch(() => {})
      expect(await until(async () => (await running()) === 0)).toBeLessThan(5000)
    }
    expect(await site.isAlive()).toBe(true)
    const page = await (await site.get('/metrics')).text()
    expect(page).toMatch(/request_success_total\{.*finished_reason="abort".*\} [34]/)
  })

  it('is started again when it dies, and the request that it served is told', async () => {
    const asked = site.post('/v1/chat/completions', long({ stream: false }))
    await until(async () => (await running()) === 1)
    process.kill(site.server.engine.pid!, 'SIGKILL')
    const response = await asked
    expect(response.status).toBe(503)
    expect(response.headers.get('retry-after')).toBe('5')
    expect((await site.get('/health')).status).toBe(503)
    await until(async () => (await site.get('/health')).status === 200, 60_000)
    expect((await site.chat({ messages: [say('what is red?')], max_tokens: 2 })).status).toBe(200)
    expect(site.server.engine.restarts).toBe(1)
  })
})

describe('a server', () => {
  it('refuses with 429 what finds no place in line, and finishes what is under way when it is closed', async () => {
    const server = await createServer({ model: 'mini', port: 0, queue: 1 })
    const ask = (body: object) =>
      fetch(`${server.url}/v1/chat/completions`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
      })
    const first = await ask(long({ max_tokens: 200 }))
    const second = ask(long({ max_tokens: 3 }))
    await new Promise((resolve) => setTimeout(resolve, 200))
    const third = await ask(long({ max_tokens: 3 }))
    expect(third.status).toBe(429)
    expect(third.headers.get('retry-after')).toBe('1')
    const closing = server.close()
    const events = await eventsOf(first)
    expect(events.at(-1)!.data).toBe('[DONE]')
    expect((await eventsOf(await second)).at(-1)!.data).toBe('[DONE]')
    await closing
    await expect(ask(long())).rejects.toThrow()
  })

  it('says that an address is taken', async () => {
    const taken = createNetServer().listen(0, '127.0.0.1')
    await once(taken, 'listening')
    const { port } = taken.address() as AddressInfo
    await expect(createServer({ model: 'mini', port })).rejects.toMatchObject({
      code: 'address_taken',
      message: `cannot listen at 127.0.0.1:${port}: something else listens there; choose another port (--port)`,
    })
    taken.close()
  })

  it('opens no address to others without a key', async () => {
    await expect(createServer({ model: 'mini', host: '0.0.0.0', port: 0 })).rejects.toMatchObject({
      code: 'key_missing',
    })
  })

  it('says what is wrong with a model', async () => {
    await expect(createServer({ model: './nowhere', port: 0 })).rejects.toMatchObject({ code: 'model_missing' })
  })
})
