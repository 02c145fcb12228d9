import type { PaperCard } from '../api/types.ts'
import { parseMethodText } from './method-text.ts'
import { answering, shownText } from './options.ts'

interface Props {
  readonly cards: readonly PaperCard[]
  readonly value: string
  readonly label?: string
  readonly onChange: (value: string) => void
}

/** A method out of all that answer about a picture here, by what they are. */
export function MethodPicker({ cards, value, label = 'Method', onChange }: Props) {
  const { id } = parseMethodText(value)
  const all = answering(cards)
  const kinds = [...new Set(all.map(groupOf))].sort((a, b) => order(a) - order(b))
  const choose = (chosen: string) => {
    const card = all.find((one) => one.id === chosen)
    onChange(card ? shownText(card) : 'dense')
  }
  const isListed = id === 'dense' || all.some((card) => card.id === id)
  return (
    <label className="field">
      <span>{label}</span>
      <select value={id} onChange={({ target }) => choose(target.value)}>
        <option value="dense">Dense: keeps everything</option>
        {!isListed && <option value={id}>{id}</option>}
        {kinds.map((kind) => (
          <optgroup key={kind} label={kind}>
            {all
              .filter((card) => groupOf(card) === kind)
              .map((card) => (
                <option key={card.id} value={card.id}>
                  {card.name}
                </option>
              ))}
          </optgroup>
        ))}
      </select>
    </label>
  )
}

const FIRST = ['baseline', 'reducer']
const order = (group: string): number => FIRST.indexOf(group) + 1 || FIRST.length + 1
const groupOf = ({ role, kind }: PaperCard): string => (role === 'baseline' ? 'baseline' : kind[0])
