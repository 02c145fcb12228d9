import type { Run } from './use-run.ts'

/** What the model says as it says it, and what is right where that is known. */
export function Answer({ run: { text, isRunning, report }, right }: { run: Run; right?: string }) {
  const isDone = !isRunning && text !== ''
  const isRight = right !== undefined && text.trim() === right
  return (
    <div className="answer" aria-live="polite" aria-busy={isRunning}>
      <p className={isRunning ? 'said running' : 'said'}>
        {text.trim() || (isRunning ? ' ' : report ? '(nothing)' : '…')}
      </p>
      <p className="hint">
        {isDone && right !== undefined && (isRight ? 'That is right.' : `Right would be “${right}”.`)}
      </p>
    </div>
  )
}
