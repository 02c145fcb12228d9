/** Text in which names of options stand between backticks. */
export function Prose({ text }: { text: string }) {
  return text.split('`').map((part, at) =>
    // biome-ignore lint/suspicious/noArrayIndexKey: parts of a text that does not change
    at % 2 === 1 ? <code key={at}>{part}</code> : part,
  )
}
