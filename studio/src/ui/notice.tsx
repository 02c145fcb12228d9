/** What went wrong, in one sentence; everything else stays. */
export function Notice({ text }: { text: string | undefined }) {
  return (
    <div role="alert" className="notice-place">
      {text && <p className="notice">{text}</p>}
    </div>
  )
}
