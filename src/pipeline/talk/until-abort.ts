import type { AskOptions } from './ask-options.ts'
import type { Reply } from './reply.ts'

/** Of an answer that was aborted before its prompt had run: nothing was said, and nothing is known of what it took. */
export const nothingSaid = (): Reply => ({
  text: '',
  finishReason: 'aborted',
  tokens: { visual: { before: 0, after: 0, last: 0 }, text: 0, cached: 0, generated: 0 },
  milliseconds: { preprocess: 0, vision: 0, prefill: 0, decode: 0, ttft: 0 },
  flops: { vision: 0, prefill: 0, decode: 0 },
  kept: [],
  videos: [],
})

/**
 * An answer, or `nothingSaid` at once where the signal is aborted before the prompt has run: a run of the engine cannot be
 * ended, so it goes on without anybody who waits for it, and its callbacks are told nothing more. Later aborts are looked
 * at between two tokens.
 * @param work makes the answer with options of its own, and ends soon after its signal was aborted
 * @param onLeave is given what still runs
 */
export function untilAbort<Options extends AskOptions>(
  options: Options,
  work: (own: Options) => Promise<Reply>,
  onLeave: (rest: Promise<unknown>) => void = () => {},
): Promise<Reply> {
  const { signal } = options
  if (!signal) return work(options)
  if (signal.aborted) return Promise.resolve(nothingSaid())
  const state = { isRead: false, isLeft: false }
  const answer = work(listening(options, state))
  return new Promise((resolve, reject) => {
    const leave = () => {
      if (state.isRead) return
      state.isLeft = true
      onLeave(answer.catch(() => {}))
      resolve(nothingSaid())
    }
    signal.addEventListener('abort', leave, { once: true })
    answer.then(resolve, reject).finally(() => signal.removeEventListener('abort', leave))
  })
}

/** The same options, whose callbacks are called as long as somebody waits for the answer. */
function listening<Options extends AskOptions>(options: Options, state: { isRead: boolean; isLeft: boolean }): Options {
  const { onPrefill, onToken, onText } = options
  return {
    ...options,
    onPrefill: (...said) => {
      state.isRead = true
      if (!state.isLeft) onPrefill?.(...said)
    },
    onToken: onToken && ((...said) => (state.isLeft ? undefined : onToken(...said))),
    onText: onText && ((text) => (state.isLeft ? undefined : onText(text))),
  }
}
