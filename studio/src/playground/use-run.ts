import { useEffect, useState } from 'react'
import { answer, type Question } from '../api/chat.ts'
import { said } from '../api/client.ts'
import type { Report } from '../api/types.ts'

export interface Run {
  readonly isRunning: boolean
  readonly text: string
  readonly report?: Report
  /** One sentence. */
  readonly error?: string
  /** The picture that was asked about. */
  readonly image?: string
}

const NOTHING: Run = { isRunning: false, text: '' }

/** Asks a question whenever it changes, and once more for each `again`; the one under way is given up. */
export function useRun(asked: Question | undefined, again = 0): Run {
  const [run, setRun] = useState(NOTHING)
  const { image, question, method } = asked ?? {}
  // biome-ignore lint/correctness/useExhaustiveDependencies: `again` asks the same once more
  useEffect(() => {
    if (image === undefined || !question || method === undefined) return
    const controller = new AbortController()
    const { signal } = controller
    setRun((before) => ({
      isRunning: true,
      text: '',
      image,
      report: before.image === image ? before.report : undefined,
    }))
    const onText = (text: string) => setRun((before) => ({ ...before, text: before.text + text }))
    answer({ image, question, method }, { signal, onText })
      .then((report) => setRun((before) => ({ ...before, isRunning: false, report })))
      .catch((error: Error) => {
        // What was drawn of another question would be wrong beside this one.
        if (!signal.aborted) setRun(({ text }) => ({ isRunning: false, text, image, error: said(error) }))
      })
    return () => controller.abort()
  }, [image, question, method, again])
  return run.image === image ? run : NOTHING
}
