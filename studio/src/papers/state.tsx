import type { PaperCard } from '../api/types.ts'
import { STATE_WORDS } from './catalogue.ts'

/** How far a paper is: a mark, its word, and what that means where it is pointed at. */
export function State({ card: { state, stale } }: { card: Pick<PaperCard, 'state' | 'stale'> }) {
  return (
    <span className={`state ${state}`} title={STATE_WORDS[state]}>
      {state}
      {stale.length > 0 && <span className="hint"> (measured with older code)</span>}
    </span>
  )
}
