import { useEffect, useState } from 'react'
import { answer, type Question } from '../api/chat.ts'
import { said } from '../api/client.ts'
import type { Run } from '../playground/use-run.ts'

const WAITING: Run = { isRunning: true, text: '' }

const nameOf = ({ image, question, method }: Question): string =>
  JSON.stringify([method, question, image.length, image.slice(-64)])

/** Asks several things one after the other; what was answered stays while others are added. */
export function useRuns(asked: readonly Question[]): readonly Run[] {
  const [runs, setRuns] = useState<Readonly<Record<string, Run>>>({})
  const names = asked.map(nameOf)
  // biome-ignore lint/correctness/useExhaustiveDependencies: the names say what is asked; answers that are there are not asked for
  useEffect(() => {
    const controller = new AbortController()
    const { signal } = controller
    const put = (name: string, change: (before: Run) => Run) =>
      setRuns((all) => (signal.aborted ? all : { ...all, [name]: change(all[name] ?? WAITING) }))
    const askAll = async () => {
      for (const [at, question] of asked.entries()) {
        const name = names[at]
        if (signal.aborted || runs[name]?.report) continue
        put(name, () => WAITING)
        const onText = (text: string) => put(name, (before) => ({ ...before, text: before.text + text }))
        await answer(question, { signal, onText })
          .then((report) => put(name, (before) => ({ ...before, isRunning: false, report })))
          .catch((error) => put(name, ({ text }) => ({ isRunning: false, text, error: said(error) })))
      }
    }
    void askAll()
    return () => controller.abort()
  }, [names.join('\n')])
  return names.map((name) => runs[name] ?? WAITING)
}
