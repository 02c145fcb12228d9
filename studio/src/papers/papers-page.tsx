import { useDeferredValue } from 'react'
import type { PaperCard, Papers } from '../api/types.ts'
import { useAsked } from '../api/use-asked.ts'
import { useAddress } from '../router.tsx'
import { Notice } from '../ui/notice.tsx'
import { found, marginOf } from './catalogue.ts'
import { Filters } from './filters.tsx'
import { PaperRow } from './paper-row.tsx'

export function PapersPage() {
  const { data, error } = useAsked<Papers>('/fovea/papers')
  const { query } = useAddress()
  const [text, kind, state, sort] = ['q', 'kind', 'state', 'sort'].map((name) => query.get(name) ?? '')
  const wanted = { text: useDeferredValue(text), kind, state, sort: sort || 'new' }
  const cards = data?.data ?? []
  const shown = found(cards, wanted)
  return (
    <div className="page papers">
      <div className="intro">
        <h1>
          Papers about seeing <em>less</em>, and what is left of their claims
        </h1>
        <p className="lead">
          Each of these says how a model can read a picture with fewer, better or other tokens. Most of them run here,
          on this machine, beside what was measured of them.
        </p>
      </div>
      <Filters cards={cards} wanted={{ ...wanted, text }} shown={shown.length} />
      <Notice text={error} />
      {data ? <List cards={shown} isByDate={wanted.sort === 'new' || wanted.sort === 'old'} /> : !error && <Waiting />}
    </div>
  )
}

function List({ cards, isByDate }: { cards: readonly PaperCard[]; isByDate: boolean }) {
  if (cards.length === 0) return <p className="empty">Nothing fits. A word less, or another kind, finds more.</p>
  return (
    <ol className="listing">
      {cards.map((card, at) => (
        <PaperRow
          key={card.id}
          card={card}
          margin={isByDate && (at === 0 || marginOf(cards[at - 1]) !== marginOf(card)) ? marginOf(card) : ''}
        />
      ))}
    </ol>
  )
}

/** Rows as tall as those that come, so that nothing jumps. */
const Waiting = () => (
  <ol className="listing" aria-busy="true" aria-label="The catalogue is read">
    {Array.from({ length: 6 }, (_, at) => (
      // biome-ignore lint/suspicious/noArrayIndexKey: they are all alike
      <li key={at} className="row waiting" />
    ))}
  </ol>
)
