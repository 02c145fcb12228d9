import { describe, expect, it } from 'vitest'
import { growthOf, residentBytes } from '../../bench/memory.ts'

/**
 * MiB, over 150 questions. Steps of up to 20 come and go: allocators keep and return arenas. KV caches that are not
 * freed when their conversations end make it 79, language programs that are kept for every method 424.
 */
const MOST_GROWTH = 40

describe('the memory of a process', () => {
  it('does not grow from one question to the next, whatever they are about', async () => {
    const { warm, end } = growthOf(await residentBytes(400))
    expect(end - warm).toBeLessThan(MOST_GROWTH)
  })
})
