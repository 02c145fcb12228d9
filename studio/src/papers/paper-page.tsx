import { useEffect } from 'react'
import type { PaperCard } from '../api/types.ts'
import { useAsked } from '../api/use-asked.ts'
import { Equation } from '../math/equation.tsx'
import { NotFound } from '../ui/not-found.tsx'
import { Notice } from '../ui/notice.tsx'
import { Prose } from '../ui/prose.tsx'
import { monthOf } from './catalogue.ts'
import { Results } from './results.tsx'
import { State } from './state.tsx'
import { Trial } from './trial.tsx'

export default function PaperPage({ id }: { id: string }) {
  const { data, error } = useAsked<PaperCard>(`/fovea/papers/${id}`)
  useEffect(() => {
    if (data) document.title = `${data.name} · Fovea`
  }, [data])
  if (error?.startsWith('No paper')) return <NotFound what="paper" />
  if (!data)
    return (
      <div className="page paper" aria-busy={!error}>
        <Notice text={error} />
      </div>
    )
  return (
    <article className="page paper">
      <Head card={data} />
      {data.equation && <Rule card={data} />}
      {data.use && <Trial card={data} />}
      <Results card={data} />
      {data.differs && data.differs.length > 0 && <Differences differs={data.differs} />}
    </article>
  )
}

function Head({ card }: { card: PaperCard }) {
  const { name, title, date, venue, kind, summary, url, arxiv, code } = card
  return (
    <header className="head">
      <p className="facts">
        <span>{monthOf(date)}</span>
        {venue && <span>{venue}</span>}
        <span>{kind.join(', ')}</span>
        <State card={card} />
      </p>
      <h1>{name}</h1>
      {title !== name && <p className="title">{title}</p>}
      <p className="lead">{summary}</p>
      <p className="links">
        {url && <a href={url}>{arxiv ? `arXiv ${arxiv}` : 'The paper'}</a>}
        {code && <a href={code}>The authors' code</a>}
      </p>
    </header>
  )
}

const Rule = ({ card: { equation, where } }: { card: PaperCard }) => (
  <section>
    <h2>The rule</h2>
    <Equation latex={equation!} />
    {where && (
      <p className="where">
        <Prose text={where} />
      </p>
    )}
  </section>
)

const Differences = ({ differs }: { differs: readonly string[] }) => (
  <section>
    <h2>What is otherwise here</h2>
    <ul className="differs">
      {differs.map((one) => (
        <li key={one}>
          <Prose text={one} />
        </li>
      ))}
    </ul>
  </section>
)
