import { useState } from 'react'

/** Text to take away, with a button that copies it. */
export function Copy({ text, label }: { text: string; label: string }) {
  const [isCopied, setIsCopied] = useState(false)
  const copy = async () => {
    await navigator.clipboard.writeText(text)
    setIsCopied(true)
    setTimeout(() => setIsCopied(false), 1500)
  }
  return (
    <figure className="copy">
      <figcaption>
        {label}
        <button type="button" className="quiet" onClick={copy}>
          {isCopied ? 'Copied' : 'Copy'}
        </button>
      </figcaption>
      <pre>
        <code>{text}</code>
      </pre>
    </figure>
  )
}
