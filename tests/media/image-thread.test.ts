import { readFileSync } from 'node:fs'
import { Worker } from 'node:worker_threads'
import { describe, expect, it } from 'vitest'
import { decodeImage } from '../../src/media/decode.ts'
import { slowImage } from '../../src/media/slow-image.ts'
import { askWorker, BEGUN } from '../../src/runtime/node/ask-worker.ts'

const heic = readFileSync(new URL('../fixtures/images/scene.heic', import.meta.url))

describe('decoders in a thread', () => {
  it('read what they can, and their errors are those of the file', async () => {
    expect(await decodeImage(heic)).toMatchObject({ width: expect.any(Number) })
    await expect(decodeImage(heic.subarray(0, 300))).rejects.toMatchObject({ code: 'image_unreadable', kind: 'input' })
  })

  it('leave no thread behind', async () => {
    const threads = () => process.getActiveResourcesInfo().filter((name) => name === 'MessagePort').length
    const before = threads()
    await Promise.all([decodeImage(heic), decodeImage(heic)])
    await expect.poll(threads, { timeout: 10_000 }).toBeLessThanOrEqual(before)
  })

  it.each([0, 1.5, 3601, Number.NaN])('refuse %d seconds as a limit', async (maxSeconds) => {
    await expect(decodeImage(heic, { maxSeconds })).rejects.toMatchObject({
      code: 'option_invalid',
      message: `decodeImage: maxSeconds must be a whole number from 1 to 3600, got ${maxSeconds}`,
    })
  })
})

describe('work in a thread', () => {
  const started = (code: string) =>
    new Worker(`const { parentPort } = require('node:worker_threads');${code}`, { eval: true })
  const refuse = slowImage

  it('that never ends is ended by its caller when its time is over', async () => {
    const worker = started(`parentPort.on('message', () => { parentPort.postMessage('${BEGUN}'); for (;;) {} })`)
    const begun = performance.now()
    await expect(askWorker(worker, 1, { limit: 300, refuse })).rejects.toMatchObject({
      code: 'image_slow',
      message:
        'the image cannot be read: reading it takes more than 0 s; it is damaged, or made to take long; raise the limit if it is neither (--max-image-seconds, maxSeconds)',
    })
    expect(performance.now() - begun).toBeGreaterThan(290)
    await worker.terminate()
  })

  it('that ends its thread is an error, and a signal ends the waiting', async () => {
    const dying = started(`parentPort.once('message', () => process.exit(0))`)
    await expect(askWorker(dying, 1, { limit: 60_000, refuse })).rejects.toThrow('its reader ended')
    const idle = started(`parentPort.on('message', () => {})`)
    const stop = new AbortController()
    const asked = askWorker(idle, 1, { limit: 60_000, refuse, signal: stop.signal })
    stop.abort(new Error('enough'))
    await expect(asked).rejects.toThrow('enough')
    await idle.terminate()
  })
})
