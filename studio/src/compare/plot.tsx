import { percent } from '../ui/numbers.ts'
import { BASELINES, benchmark, type Point } from './benchmark.ts'
import type { Axis } from './pareto.tsx'

interface Props {
  readonly width: number
  readonly axis: Axis
  /** Ids that are drawn in full. */
  readonly lit: readonly string[]
  readonly onChoose: (point: Point) => void
  readonly onPoint: (id: string | undefined) => void
}

const HEIGHT = 400
const EDGE = { left: 54, right: 18, top: 14, bottom: 40 }
const TICKS = [0, 0.2, 0.4, 0.6, 0.8, 1]

export function Plot({ width, axis, lit, onChoose, onPoint }: Props) {
  const x = (value: number) => EDGE.left + value * (width - EDGE.left - EDGE.right)
  const y = (right: number) => EDGE.top + ((1 - right) / 0.8) * (HEIGHT - EDGE.top - EDGE.bottom)
  const at = (point: Point): Placed => ({ point, px: x(point[axis]), y })
  const ids = [...new Set(benchmark.map(({ id }) => id))]
  // What is lit lies above the rest.
  const order = [...ids].sort((a, b) => Number(lit.includes(a)) - Number(lit.includes(b)))
  return (
    <svg
      width={width}
      height={HEIGHT}
      role="img"
      aria-label="Right answers over cost; the buttons below name the same methods"
    >
      <Axes x={x} y={y} />
      {order.map((id) => (
        // biome-ignore lint/a11y/noStaticElementInteractions: the buttons below do the same by keys
        <g
          key={id}
          className={classOf(id, lit)}
          onMouseEnter={() => onPoint(BASELINES.includes(id) ? undefined : id)}
          onMouseLeave={() => onPoint(undefined)}
        >
          <Series
            placed={benchmark.filter((point) => point.id === id).map(at)}
            isNamed={lit.includes(id) || BASELINES.includes(id)}
            width={width}
            onChoose={onChoose}
          />
        </g>
      ))}
    </svg>
  )
}

const classOf = (id: string, lit: readonly string[]): string =>
  BASELINES.includes(id) ? 'series baseline' : lit.includes(id) ? 'series lit' : 'series'

interface Placed {
  readonly point: Point
  readonly px: number
  readonly y: (right: number) => number
}

function Series({
  placed,
  isNamed,
  width,
  onChoose,
}: {
  placed: readonly Placed[]
  isNamed: boolean
  width: number
  onChoose: Props['onChoose']
}) {
  const line = placed.map(({ point, px, y }, at) => `${at === 0 ? 'M' : 'L'}${px} ${y(point.right)}`).join('')
  const [first] = placed
  const isFar = first.px > width - 110
  return (
    <>
      <path className="line" d={line} />
      {placed.map(({ point, px, y }) => (
        // biome-ignore lint/a11y/noStaticElementInteractions: the buttons below do the same by keys
        <g key={point.share ?? 1} onClick={() => onChoose(point)}>
          <line className="interval" x1={px} x2={px} y1={y(point.low)} y2={y(point.high)} />
          <circle cx={px} cy={y(point.right)} r={4.5} />
          <title>{`${point.id}${point.share === undefined ? '' : ` at ${percent(point.share)}`}: ${percent(point.right)} right`}</title>
        </g>
      ))}
      {isNamed && (
        <text x={first.px + (isFar ? -9 : 9)} y={first.y(first.point.right) + 4} textAnchor={isFar ? 'end' : 'start'}>
          {first.point.id}
        </text>
      )}
    </>
  )
}

const Axes = ({ x, y }: { x: (value: number) => number; y: (right: number) => number }) => (
  <g className="axis">
    {TICKS.slice(1).map((right) => (
      <g key={right}>
        <line x1={x(0)} x2={x(1)} y1={y(right)} y2={y(right)} />
        <text x={x(0) - 8} y={y(right) + 4} textAnchor="end">
          {Math.round(100 * right)}
          {right === 1 && ' %'}
        </text>
      </g>
    ))}
    {TICKS.map((share) => (
      <text key={share} x={x(share)} y={HEIGHT - 16} textAnchor={share === 1 ? 'end' : 'middle'}>
        {Math.round(100 * share)}
        {share === 1 && ' %'}
      </text>
    ))}
  </g>
)
