import { useState } from 'react'
import { parseMethodText } from '../method/method-text.ts'
import { addressWith, go, useAddress } from '../router.tsx'
import { percent } from '../ui/numbers.ts'
import { useWidth } from '../ui/use-width.ts'
import { BASELINES, benchmark, type Point } from './benchmark.ts'
import { Plot } from './plot.tsx'

interface Props {
  readonly chosen: readonly string[]
  readonly onChoose: (method: string) => void
}

const AXES = { tokens: 'visual tokens, mean of the layers', flops: 'FLOPs of reading the prompt' } as const
export type Axis = keyof typeof AXES

const IDS = [...new Set(benchmark.map(({ id }) => id))].filter((id) => !BASELINES.includes(id))

/** Right answers over cost for all reducers that were measured. */
export function Pareto({ chosen, onChoose }: Props) {
  const [ref, width] = useWidth<HTMLDivElement>()
  const { query } = useAddress()
  const [pointed, setPointed] = useState<string>()
  const axis: Axis = query.get('x') === 'flops' ? 'flops' : 'tokens'
  const ids = chosen.map((method) => parseMethodText(method).id)
  const lit = pointed === undefined ? IDS.filter((id) => ids.includes(id)) : [pointed]
  const choose = ({ id, share }: Point) => onChoose(share === undefined ? id : `${id}:keep=${share}`)
  return (
    <section className="pareto" ref={ref}>
      <h2>All of them, measured</h2>
      <p className="where">
        Right answers of the embedded model over what is left of the cost: 246 questions a point, bars are 95 %. Grey
        and dashed: everything kept, tokens by chance, a smaller picture. A point sets its method beside those.
      </p>
      <div className="chips">
        {Object.entries(AXES).map(([name, words]) => (
          <button
            key={name}
            type="button"
            aria-pressed={axis === name}
            onClick={() => go(addressWith({ x: name === 'tokens' ? '' : name }), { replace: true })}
          >
            {words}
          </button>
        ))}
      </div>
      <div className="plot-place">
        {width > 0 && <Plot width={width} axis={axis} lit={lit} onChoose={choose} onPoint={setPointed} />}
      </div>
      <ul className="chips names">
        {IDS.map((id) => (
          <li key={id}>
            <button
              type="button"
              aria-pressed={lit.includes(id)}
              onMouseEnter={() => setPointed(id)}
              onMouseLeave={() => setPointed(undefined)}
              onFocus={() => setPointed(id)}
              onBlur={() => setPointed(undefined)}
              onClick={() => choose(benchmark.find((point) => point.id === id)!)}
            >
              {id} <span className="hint">{best(id)}</span>
            </button>
          </li>
        ))}
      </ul>
    </section>
  )
}

/** Its right answers at the largest share. */
const best = (id: string): string => percent(benchmark.find((point) => point.id === id)!.right)
