import { type FormEvent, useState } from 'react'
import { giveKey, storedKey } from '../api/key.ts'

export function KeyForm() {
  const [key, setKey] = useState('')
  const isWrong = storedKey() !== null
  const give = (event: FormEvent) => {
    event.preventDefault()
    giveKey(key.trim())
  }
  return (
    <form className="page key" onSubmit={give}>
      <h1>This server asks for its key</h1>
      <p>{isWrong ? 'That one was not it.' : 'Who started it has it: it was given with --key, or as FOVEA_KEY.'}</p>
      <label className="field">
        <span>Key</span>
        <input type="password" autoComplete="off" value={key} onChange={({ target }) => setKey(target.value)} />
      </label>
      <button type="submit" disabled={key.trim() === ''}>
        Open
      </button>
    </form>
  )
}
