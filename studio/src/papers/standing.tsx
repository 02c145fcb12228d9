import { benchmark } from '../compare/benchmark.ts'
import { percent } from '../ui/numbers.ts'

const SHARE = 0.25
const WIDTH = 150
const at = (share: number): number => 4 + share * (WIDTH - 8)
const rightOf = (id: string): number =>
  benchmark.find((point) => point.id === id && (point.share ?? SHARE) === SHARE)!.right

/** Of a reducer that was measured: where it stands between tokens by chance and everything kept. */
export function Standing({ id }: { id: string }) {
  const point = benchmark.find((one) => one.id === id && one.share === SHARE)
  if (!point) return <span className="standing" />
  const [random, dense] = [rightOf('random'), rightOf('dense')]
  return (
    <figure className="standing">
      <svg width={WIDTH} height={22} aria-hidden="true">
        <line className="track" x1={at(0)} x2={at(1)} y1={11} y2={11} />
        <line className="interval" x1={at(point.low)} x2={at(point.high)} y1={11} y2={11} />
        <line className="tick" x1={at(random)} x2={at(random)} y1={5} y2={17} />
        <line className="tick" x1={at(dense)} x2={at(dense)} y1={5} y2={17} />
        <circle cx={at(point.right)} cy={11} r={4.5} />
      </svg>
      <figcaption title={`ticks: tokens by chance ${percent(random)}, everything kept ${percent(dense)}`}>
        <strong>{percent(point.right)}</strong> right with a quarter of the tokens
      </figcaption>
    </figure>
  )
}
