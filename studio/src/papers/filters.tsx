import type { PaperCard } from '../api/types.ts'
import { addressWith, go } from '../router.tsx'
import { countsOf, SORTS, STATES, type Wanted } from './catalogue.ts'

interface Props {
  readonly cards: readonly PaperCard[]
  readonly wanted: Wanted
  readonly shown: number
}

const change = (name: string, value: string) => go(addressWith({ [name]: value }), { replace: true })

/** What is looked for; it stands in the address. */
export function Filters({ cards, wanted, shown }: Props) {
  const kinds = countsOf(cards.flatMap(({ kind }) => kind))
  const states = countsOf(cards.map(({ state }) => state))
  const ordered = STATES.flatMap((state) => states.filter(([name]) => name === state))
  return (
    <search>
      <form className="filters" onSubmit={(event) => event.preventDefault()}>
        <label className="field search">
          <span>Search</span>
          <input
            type="search"
            placeholder="attention, video, merging, 2403.06764"
            value={wanted.text}
            onChange={({ target }) => change('q', target.value)}
          />
        </label>
        <Choice name="kind" label="Kind" value={wanted.kind} choices={kinds} />
        <Choice name="state" label="State" value={wanted.state} choices={ordered} />
        <label className="field">
          <span>Order</span>
          <select
            value={wanted.sort}
            onChange={({ target }) => change('sort', target.value === 'new' ? '' : target.value)}
          >
            {Object.entries(SORTS).map(([value, words]) => (
              <option key={value} value={value}>
                {words}
              </option>
            ))}
          </select>
        </label>
        <p className="count" aria-live="polite">
          {cards.length === 0 ? ' ' : `${shown} of ${cards.length}`}
        </p>
      </form>
    </search>
  )
}

interface ChoiceProps {
  readonly name: string
  readonly label: string
  readonly value: string
  readonly choices: readonly (readonly [string, number])[]
}

function Choice({ name, label, value, choices }: ChoiceProps) {
  const isKnown = value === '' || choices.some(([choice]) => choice === value)
  return (
    <label className="field">
      <span>{label}</span>
      <select value={value} onChange={({ target }) => change(name, target.value)}>
        <option value="">all</option>
        {!isKnown && <option>{value}</option>}
        {choices.map(([choice, count]) => (
          <option key={choice} value={choice}>
            {choice} ({count})
          </option>
        ))}
      </select>
    </label>
  )
}
