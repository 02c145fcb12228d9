import { assertArgument, assertOptions } from '../../errors.ts'
import type { Request } from '../method/talk-side.ts'
import { addCosts } from './account.ts'
import type { Guessed, Reply } from './reply.ts'

/** A question of a method's own: what it is answered is not said aloud. */
export function silently(request: Request): Request {
  assertArgument('silently', 'the options of a request', request?.options, 'object')
  const { messages, options } = request
  const { onText: _, onToken: __, onPrefill: ___, ...rest } = options
  return { messages, options: rest }
}

/**
 * An answer that several calls led to, the last of them to its text; what they cost is added up. Pictures are those of the
 * last call that saw any.
 * @param text where it is not the whole text of the last call
 */
export function replyFrom(calls: readonly Reply[], options: { text?: string; note?: unknown; by: string }): Reply {
  assertArgument('replyFrom', 'the tokens of a call', calls?.[0]?.tokens, 'object')
  assertOptions('replyFrom', options, { text: 'string', note: 'any', by: 'string' })
  const { text, note, by } = options
  const last = calls[calls.length - 1]
  const { kept, passage, videos, tokens } = calls.findLast((call) => call.tokens.visual.before > 0) ?? last
  const sum = (of: (reply: Reply) => number) => calls.reduce((total, call) => total + of(call), 0)
  const fed = sum((call) => call.tokens.fed ?? 0)
  const notes = [...calls.flatMap((call) => call.notes ?? []), ...(note === undefined ? [] : [{ by, at: 0, note }])]
  return {
    text: text ?? last.text,
    finishReason: last.finishReason,
    tokens: {
      visual: tokens.visual,
      text: sum((call) => call.tokens.text),
      cached: sum((call) => call.tokens.cached),
      generated: sum((call) => call.tokens.generated),
      ...(fed > 0 && { fed }),
    },
    ...addCosts(calls),
    kept,
    ...(passage && { passage }),
    videos,
    ...(notes.length > 0 && { notes }),
    ...(last.speculation && { speculation: addGuesses(calls) }),
    calls,
  }
}

function addGuesses(calls: readonly Reply[]): Guessed {
  const sum = (of: keyof Guessed) => calls.reduce((total, call) => total + (call.speculation?.[of] ?? 0), 0)
  return { proposed: sum('proposed'), accepted: sum('accepted'), passes: sum('passes') }
}
