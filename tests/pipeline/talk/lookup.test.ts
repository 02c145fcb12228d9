import { describe, expect, it } from 'vitest'
import { Guesses, lookUp } from '../../../src/pipeline/talk/lookup.ts'

const isText = (id: number) => id >= 0

describe('looking up what followed', () => {
  it('takes the longest run that was there before, and of those the latest', () => {
    //                1 2 3 -> 7;   later 9 3 -> 8: the longer run wins
    expect(lookUp([1, 2, 3, 7, 9, 3, 8, 1, 2, 3], 2, isText)).toEqual([7, 9])
    expect(lookUp([5, 6, 1, 5, 6, 2, 5, 6], 1, isText)).toEqual([2])
    expect(lookUp([5, 1, 5], 1, isText)).toEqual([]) // one token alone is no reason
    expect(lookUp([1, 2, 3], 4, isText)).toEqual([])
  })

  it('goes on with what it guessed, so that a run repeats', () => {
    expect(lookUp([4, 5, 6, 4, 5, 6], 7, isText)).toEqual([4, 5, 6, 4, 5, 6, 4])
  })

  it('stops before what is no text', () => {
    expect(lookUp([1, 2, 3, -1, 4, 1, 2], 5, isText)).toEqual([3])
  })
})

/** Lets guesses run over an answer; how many were read and how many of those came true. */
function over(prompt: readonly number[], answer: readonly number[]) {
  const guesses = new Guesses(isText)
  let [read, hit, passes] = [0, 0, 0]
  let ahead: readonly number[] = []
  for (const [at, id] of answer.entries()) {
    guesses.heard(id)
    if (ahead[0] === id) {
      ahead = ahead.slice(1)
      hit++
      continue
    }
    passes++
    ahead = guesses.next([...prompt, ...answer.slice(0, at + 1)], answer.length - at)
    read += ahead.length
  }
  return { read, hit, passes }
}

describe('guesses', () => {
  it('grow where they come true', () => {
    const text = Array.from({ length: 60 }, (_, at) => 100 + at)
    const { hit, passes } = over(text, text)
    expect(hit + passes).toBe(60)
    expect(passes).toBeLessThan(12)
  })

  it('stop where they do not, before they have cost more than was lent', () => {
    const misleading = Array.from({ length: 300 }, (_, at) => (at % 3 ? at % 3 : 3 + at))
    const { read, hit } = over([], misleading)
    expect(hit).toBe(0)
    expect(read).toBeGreaterThan(0)
    expect(read).toBeLessThan(10)
  })

  it('begin again where they would have come true', () => {
    const text = Array.from({ length: 60 }, (_, at) => 1000 + at)
    const misleading = Array.from({ length: 150 }, (_, at) => (at % 3 ? at % 3 : 3 + at))
    const { hit } = over(text, [...misleading, ...text])
    expect(hit).toBeGreaterThan(30)
  })
})
