import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createStopMatcher } from '../../src/text/stop.ts'

/** Feeds pieces until the matcher stops. */
function feed(pieces: string[], stopStrings: string[]): { text: string; reason?: string } {
  const matcher = createStopMatcher({ stopStrings })
  let text = ''
  for (const piece of pieces) {
    const step = matcher.push(0, piece)
    text += step.text
    if (step.reason) return { text, reason: step.reason }
  }
  return { text: text + matcher.end() }
}

test('an eos id ends the answer and releases held text', () => {
  const matcher = createStopMatcher({ eosIds: [2], stopStrings: ['\n\n'] })
  expect(matcher.push(5, 'yes\n')).toEqual({ text: 'yes' })
  expect(matcher.push(2, '</s>')).toEqual({ text: '\n', reason: 'eos' })
})

test('a stop string across token borders is never shown, not even in part', () => {
  const matcher = createStopMatcher({ stopStrings: ['USER:'] })
  expect(matcher.push(0, 'blue US')).toEqual({ text: 'blue ' })
  expect(matcher.push(0, 'ER')).toEqual({ text: '' })
  expect(matcher.push(0, ': more')).toEqual({ text: '', reason: 'stop' })
  expect(matcher.end()).toBe('')
})

test('held text that turns out harmless is released', () => {
  expect(feed(['US', 'A is'], ['USER:'])).toEqual({ text: 'USA is' })
})

test('any cutting of any text gives what a search in the whole text gives', () => {
  const small = fc.constantFrom('a', 'b', 'ab', 'ba', 'aab')
  fc.assert(
    fc.property(fc.array(small), fc.array(small, { maxLength: 3 }), (pieces, stops) => {
      const whole = pieces.join('')
      const { text, reason } = feed(pieces, stops)
      const earlier = stops.some((stop) => text.includes(stop))
      expect(earlier).toBe(false)
      if (reason) expect(stops.some((stop) => whole.startsWith(text + stop))).toBe(true)
      else expect(text).toBe(whole)
    }),
    { numRuns: 1000 },
  )
})
