import type { AskOptions } from './ask-options.ts'
import type { Reply } from './reply.ts'

/**
 * An answer while it is generated: `for await (const piece of stream)` gives its text piece by piece, `await stream.reply`
 * the whole with its account. Leaving the loop early ends the answer, as does the signal; the reply then says `aborted`
 * and holds what was said so far. It may be looped over once.
 */
export interface ReplyStream extends AsyncIterable<string, Reply> {
  readonly reply: Promise<Reply>
}

type Ask = (options: Pick<AskOptions, 'signal' | 'onText'>) => Promise<Reply>

/** Starts an answer at once and hands its pieces on; pieces that nobody asked for yet are kept. */
export function streamReply(ask: Ask, { signal, onText }: Pick<AskOptions, 'signal' | 'onText'>): ReplyStream {
  const controller = new AbortController()
  const abort = () => controller.abort(signal?.reason)
  signal?.addEventListener('abort', abort)
  if (signal?.aborted) abort()
  const pieces: string[] = []
  let wake = () => {}
  let isOver = false
  const reply = ask({
    signal: controller.signal,
    onText: (piece) => {
      onText?.(piece)
      pieces.push(piece)
      wake()
    },
  }).finally(() => {
    signal?.removeEventListener('abort', abort)
    isOver = true
    wake()
  })
  reply.catch(() => {}) // whoever loops or awaits is told

  async function* iterate(): AsyncGenerator<string, Reply> {
    try {
      while (true) {
        while (pieces.length > 0) yield pieces.shift()!
        if (isOver) return await reply
        await new Promise<void>((resolve) => {
          wake = resolve
        })
      }
    } finally {
      // Where the loop was left, its end is the end of the answer: the model is free for the next one.
      controller.abort()
      await reply.catch(() => {})
    }
  }
  const pending = iterate()
  return { reply, [Symbol.asyncIterator]: () => pending }
}
