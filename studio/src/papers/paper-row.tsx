import type { PaperCard } from '../api/types.ts'
import { Link } from '../router.tsx'
import { sentences } from './catalogue.ts'
import { Standing } from './standing.tsx'
import { State } from './state.tsx'

/** @param margin said where it is another than in the row above */
export function PaperRow({ card, margin }: { card: PaperCard; margin: string }) {
  const { id, name, title, summary, kind, venue } = card
  return (
    <li className="row">
      <span className="month">{margin}</span>
      <article>
        <h2>
          <Link to={`/papers/${id}`}>{name}</Link>
        </h2>
        {title !== name && <p className="title">{title}</p>}
        <p className="idea">{sentences(summary, 2)}</p>
        <p className="facts">
          <State card={card} />
          {kind.map((one) => (
            <Link key={one} className="tag" to={`/papers?kind=${one}`}>
              {one}
            </Link>
          ))}
          {venue && <span className="hint">{venue}</span>}
        </p>
      </article>
      <Standing id={id} />
    </li>
  )
}
