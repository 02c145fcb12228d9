import type { Report } from '../api/types.ts'
import { percent, short } from '../ui/numbers.ts'

/** What the answer cost, beside what it would have cost to keep everything. */
export function Figures({ report }: { report: Report }) {
  const { visual_tokens: tokens, flops } = report
  const { before, after, last, layers = [] } = tokens
  const mean = layers.length > 0 ? layers.reduce((sum, count) => sum + count, 0) / layers.length : last
  return (
    <dl className="figures">
      <Figure name="patches" value={String(before)} />
      <Figure name="tokens given" value={String(after)} />
      <Figure name="in the last layer" value={String(last)} />
      <Figure name="mean of the layers" value={percent(mean / before)} />
      <Figure name="FLOPs, encoder" value={flops.vision === 0 ? 'cached' : short(flops.vision)} />
      <Figure name="FLOPs, reading" value={short(flops.prefill)} />
    </dl>
  )
}

const Figure = ({ name, value }: { name: string; value: string }) => (
  <div>
    <dt>{name}</dt>
    <dd>{value}</dd>
  </div>
)
