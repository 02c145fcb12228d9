/** Text from token ids as they arrive, never half a character. */
import type { Tokenizer } from './tokenizer.ts'

export interface DecodeStream {
  /** The text that this token completes; empty while a character is still open. */
  push(id: number): string
  /** The rest, when no token follows; incomplete bytes become U+FFFD. */
  end(): string
}

/**
 * Decodes a growing list of ids. Only a short window is decoded each time: the tokens since the last two places where
 * the text was complete, because some decoders treat the first token of a text differently.
 */
export function decodeStream(tokenizer: Tokenizer, options: { skipSpecial?: boolean } = {}): DecodeStream {
  let window: number[] = []
  let emitted = 0 // this many ids at the start of the window are already shown

  function fresh(): string {
    const shown = tokenizer.decode(window.slice(0, emitted), options)
    return tokenizer.decode(window, options).slice(shown.length)
  }

  return {
    push(id) {
      window.push(id)
      const text = fresh()
      if (text === '' || text.endsWith('\uFFFD')) return ''
      window = window.slice(emitted)
      emitted = window.length
      return text
    },
    end() {
      const text = fresh()
      window = []
      emitted = 0
      return text
    },
  }
}
