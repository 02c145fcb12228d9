import type { Papers } from '../api/types.ts'
import { useAsked } from '../api/use-asked.ts'
import { MethodForm } from '../method/method-form.tsx'
import { MethodPicker } from '../method/method-picker.tsx'
import { parseMethodText } from '../method/method-text.ts'
import { addressWith, go, Link, useAddress } from '../router.tsx'
import { Notice } from '../ui/notice.tsx'
import { Bench } from './bench.tsx'

/** What is shown first: something falls out within the language model, layer by layer. */
const FIRST = 'sparsevlm:keep=0.25'

export default function PlaygroundPage() {
  const { query } = useAddress()
  const method = query.get('method') ?? FIRST
  const { data, error } = useAsked<Papers>('/fovea/papers')
  const cards = data?.data ?? []
  const { id } = parseMethodText(method)
  const card = cards.find((one) => one.id === id)
  const change = (text: string) => go(addressWith({ method: text }))
  return (
    <div className="page playground">
      <h1>What does it look at?</h1>
      <Bench method={method}>
        <MethodPicker cards={cards} value={method} onChange={change} />
        <Notice text={error} />
        {card && (
          <>
            <p className="hint">
              {card.summary} <Link to={`/papers/${card.id}`}>Its page</Link>
            </p>
            <MethodForm card={card} value={method} onChange={change} />
          </>
        )}
      </Bench>
    </div>
  )
}
