import { describe, expect, it } from 'vitest'
import { growthOf, residentBytes } from '../../bench/memory.ts'

/**
 * MiB. Steps of up to 20 come and go: allocators keep and return arenas. KV caches that are not freed when their
 * conversations end make it 119.
 */
const MOST_GROWTH = 32

describe('the memory of a process', () => {
  it('does not grow over 300 questions, whatever they are about', async () => {
    const { warm, end } = growthOf(await residentBytes(300))
    expect(end - warm).toBeLessThan(MOST_GROWTH)
  })
})
