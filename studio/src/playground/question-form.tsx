import { type FormEvent, useEffect, useState } from 'react'

interface Props {
  readonly question: string
  readonly isRunning: boolean
  readonly onAsk: (question: string) => void
}

export function QuestionForm({ question, isRunning, onAsk }: Props) {
  const [draft, setDraft] = useState(question)
  useEffect(() => setDraft(question), [question])
  const submit = (event: FormEvent) => {
    event.preventDefault()
    if (draft.trim()) onAsk(draft.trim())
  }
  return (
    <form className="question" onSubmit={submit}>
      <label className="field">
        <span>Question</span>
        <input
          value={draft}
          placeholder="what color is the star?"
          autoComplete="off"
          onChange={({ target }) => setDraft(target.value)}
        />
      </label>
      <button type="submit" className="primary" disabled={draft.trim() === ''} aria-busy={isRunning}>
        Ask
      </button>
    </form>
  )
}
