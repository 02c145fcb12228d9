import { describe, expect, it, vi } from 'vitest'
import { ProgramCache } from '../../../src/pipeline/flow/program-cache.ts'

const made: string[] = []
const freed: string[] = []

function cacheOf(most: number) {
  const cache = new ProgramCache<{ name: string; dispose(): Promise<void> }>(most)
  made.length = 0
  freed.length = 0
  const compile = (name: string) => async () => {
    made.push(name)
    return { name, dispose: async () => void freed.push(name) }
  }
  return {
    cache,
    use: (name: string, work: () => Promise<unknown> = async () => name) => cache.use(name, compile(name), work),
  }
}

describe('kept programs', () => {
  it('are compiled once, and the one not used for longest is freed', async () => {
    const { use } = cacheOf(2)
    for (const name of ['a', 'b', 'a', 'c', 'a']) await use(name)
    expect(made).toEqual(['a', 'b', 'c'])
    expect(freed).toEqual(['b'])
  })

  it('are compiled once for two who ask at the same time', async () => {
    const { use } = cacheOf(2)
    await Promise.all([use('a'), use('a')])
    expect(made).toEqual(['a'])
  })

  it('are not freed while they work', async () => {
    const { use } = cacheOf(1)
    let finish = () => {}
    const working = use('a', () => new Promise<void>((resolve) => (finish = resolve)))
    await use('b')
    expect(freed).toEqual(['b'])
    finish()
    await working
    await use('a')
    expect(made).toEqual(['a', 'b'])
  })

  it('are not freed before they are released, and released once', async () => {
    const { cache, use } = cacheOf(1)
    const held = await cache.hold('a', async () => ({ name: 'a', dispose: async () => void freed.push('a') }))
    await use('a')
    await use('b')
    expect(freed).toEqual(['b'])
    await held.release()
    await held.release()
    await use('b')
    expect(freed).toEqual(['b', 'a'])
  })

  it('are compiled again after a failure', async () => {
    const { cache } = cacheOf(2)
    const compile = vi
      .fn()
      .mockRejectedValueOnce(new Error('no memory'))
      .mockResolvedValue({ dispose: async () => {} })
    await expect(cache.use('a', compile, async () => 1)).rejects.toThrow('no memory')
    expect(await cache.use('a', compile, async () => 1)).toBe(1)
  })
})
