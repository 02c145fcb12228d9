import { describe, expect, it } from 'vitest'
import { orAbort } from '../../src/loading/or-abort.ts'

describe('orAbort', () => {
  const reason = new Error('enough')

  it('gives what comes, or what is wrong, where nothing is aborted', async () => {
    const { signal } = new AbortController()
    const gone: number[] = []
    const letGo = async (value: number) => void gone.push(value)
    expect(await orAbort(signal, async () => 1, letGo)).toBe(1)
    expect(await orAbort(undefined, async () => 2, letGo)).toBe(2)
    await expect(orAbort(signal, () => Promise.reject(reason), letGo)).rejects.toBe(reason)
    expect(gone).toEqual([])
  })

  it('rejects before the work has ended, and lets go of what then comes', async () => {
    const controller = new AbortController()
    let finish = (_: number) => {}
    const work = new Promise<number>((resolve) => (finish = resolve))
    const gone: number[] = []
    const waiting = orAbort(
      controller.signal,
      () => work,
      async (value) => void gone.push(value),
    )
    controller.abort(reason)
    await expect(waiting).rejects.toBe(reason)
    expect(gone).toEqual([])
    finish(3)
    await work
    await new Promise((resolve) => setImmediate(resolve))
    expect(gone).toEqual([3])
  })

  it('does nothing where it was aborted before', async () => {
    let isBegun = false
    const work = async () => (isBegun = true)
    await expect(orAbort(AbortSignal.abort(reason), work, async () => {})).rejects.toBe(reason)
    expect(isBegun).toBe(false)
  })
})
