import type { PaperCard } from '../api/types.ts'
import { MethodPicker } from '../method/method-picker.tsx'
import { formatMethodText, parseMethodText } from '../method/method-text.ts'
import { OptionField } from '../method/option-field.tsx'
import { optionsOf } from '../method/options.ts'
import type { Picture } from '../picture/open-picture.ts'
import { PatchCanvas } from '../playground/patch-canvas.tsx'
import { stopsOf } from '../playground/patches.ts'
import type { Run } from '../playground/use-run.ts'

interface Props {
  readonly cards: readonly PaperCard[]
  readonly method: string
  readonly run?: Run
  readonly picture?: Picture
  readonly onChange: (method: string) => void
  readonly onRemove?: () => void
}

/** One method: what it kept of the picture, and how it is changed. */
export function CompareCard({ cards, method, picture, run, onChange, onRemove }: Props) {
  const { id, given } = parseMethodText(method)
  const { keep } = optionsOf(cards.find((card) => card.id === id))
  return (
    <li className="card">
      <div className="frame">
        {picture && (
          <PatchCanvas
            side={640}
            picture={picture}
            report={run?.report}
            stop={run?.report && stopsOf(run.report).at(-1)}
          />
        )}
      </div>
      <div className="choice">
        <MethodPicker cards={cards} value={method} onChange={onChange} label="Method" />
        {onRemove && (
          <button type="button" className="quiet" aria-label={`Remove ${id}`} onClick={onRemove}>
            ×
          </button>
        )}
      </div>
      {keep && (
        <OptionField
          name="keep"
          schema={{ ...keep, description: undefined }}
          value={given.keep ?? String(keep.default)}
          onChange={(value) => onChange(formatMethodText({ id, given: { ...given, keep: value } }))}
        />
      )}
    </li>
  )
}
