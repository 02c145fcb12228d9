/** When a generated answer ends: at an end-of-sequence token or at a stop string, wherever token borders fall. */

export interface StopRules {
  eosIds?: readonly number[]
  stopStrings?: readonly string[]
}

export interface StopStep {
  /** Text that is certainly part of the answer. */
  text: string
  /** Why the answer ends here; undefined while it goes on. */
  reason?: 'eos' | 'stop'
}

export interface StopMatcher {
  /** Gives each token and the text that it completed; after a reason was returned, call no more. */
  push(id: number, text: string): StopStep
  /** Text held back in case a stop string would follow. */
  end(): string
}

/** Length of the longest end of `text` that begins one of the stop strings. */
function openTail(text: string, stopStrings: readonly string[]): number {
  const longest = Math.max(0, ...stopStrings.map((stop) => stop.length - 1))
  for (let length = Math.min(longest, text.length); length > 0; length--) {
    const tail = text.slice(text.length - length)
    if (stopStrings.some((stop) => stop.startsWith(tail))) return length
  }
  return 0
}

function firstStop(text: string, stopStrings: readonly string[]): number {
  const places = stopStrings.map((stop) => text.indexOf(stop)).filter((place) => place >= 0)
  return places.length ? Math.min(...places) : -1
}

/** Neither the stop string nor the eos token's own text becomes part of the answer. */
export function createStopMatcher({ eosIds = [], stopStrings = [] }: StopRules): StopMatcher {
  const eos = new Set(eosIds)
  const stops = stopStrings.filter((stop) => stop !== '')
  let held = ''

  function end(): string {
    const text = held
    held = ''
    return text
  }

  return {
    push(id, text) {
      if (eos.has(id)) return { text: end(), reason: 'eos' }
      held += text
      const place = firstStop(held, stops)
      if (place >= 0) return { text: end().slice(0, place), reason: 'stop' }
      const safe = held.length - openTail(held, stops)
      const ready = held.slice(0, safe)
      held = held.slice(safe)
      return { text: ready }
    },
    end,
  }
}
