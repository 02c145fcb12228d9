import type { PaperCard } from '../api/types.ts'
import { formatMethodText, parseMethodText } from './method-text.ts'
import { OptionField } from './option-field.tsx'
import { defaultsOf, optionsOf } from './options.ts'

interface Props {
  readonly card: PaperCard
  /** A method as text. */
  readonly value: string
  readonly onChange: (value: string) => void
}

/** The options of a method as a form. */
export function MethodForm({ card, value, onChange }: Props) {
  const { id, given } = parseMethodText(value)
  const defaults = defaultsOf(card)
  const options = Object.entries(optionsOf(card))
  if (options.length === 0) return <p className="hint">It has no options.</p>
  return (
    <details className="method-options" open={isWide()}>
      <summary>Options</summary>
      <div className="options">
        {options.map(([name, schema]) => (
          <OptionField
            key={name}
            name={name}
            schema={schema}
            value={given[name] ?? String(schema.default ?? '')}
            onChange={(chosen) => onChange(formatMethodText({ id, given: { ...given, [name]: chosen } }, defaults))}
          />
        ))}
      </div>
    </details>
  )
}

/** On a phone they would stand between the answer and what it cost. */
const isWide = (): boolean => matchMedia('(min-width: 56rem)').matches
