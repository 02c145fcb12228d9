import type { Row } from '../api/types.ts'
import { useWidth } from '../ui/use-width.ts'

const ROW = 26
const LABEL = 250

/** Shares of right answers with their intervals, one below the other, over 0 to 100 %; ticks are what each is compared with. */
export function ResultPlot({ rows }: { rows: readonly Row[] }) {
  const [ref, width] = useWidth<HTMLDivElement>()
  const shares = rows
    .filter(({ unit, interval, name }) => unit === '%' && interval && name.startsWith('accuracy'))
    .slice(0, 14)
  if (shares.length < 2) return null
  const isNarrow = width < 560
  const left = isNarrow ? 0 : LABEL
  const step = isNarrow ? 2 * ROW - 8 : ROW
  const x = (value: number) => left + 6 + (value / 100) * Math.max(0, width - left - 20)
  const height = shares.length * step + 22
  return (
    <div ref={ref} className="plot" style={{ minHeight: height }}>
      {width > 0 && (
        <svg
          width={width}
          height={height}
          role="img"
          aria-label="Right answers in per cent; the table below has the same figures"
        >
          {[0, 25, 50, 75, 100].map((value) => (
            <g key={value} className="axis">
              <line x1={x(value)} x2={x(value)} y1={0} y2={height - 18} />
              <text x={x(value)} y={height - 4} textAnchor={value === 100 ? 'end' : value === 0 ? 'start' : 'middle'}>
                {value}
                {value === 100 && ' %'}
              </text>
            </g>
          ))}
          {shares.map((row, at) => (
            <Share key={row.name} row={row} x={x} y={at * step + (isNarrow ? 30 : 13)} isNarrow={isNarrow} />
          ))}
        </svg>
      )}
    </div>
  )
}

interface Props {
  readonly row: Row
  readonly x: (value: number) => number
  readonly y: number
  readonly isNarrow: boolean
}

function Share({ row: { name, value, interval, baseline }, x, y, isNarrow }: Props) {
  const [low, high] = interval!
  const words = name.replace(/^accuracy, /, '')
  const isBeside = /dense|random|resize|gray|guess/.test(words)
  return (
    <g className={isBeside ? 'beside' : 'own'}>
      <text x={0} y={isNarrow ? y - 14 : y + 4}>
        {words}
      </text>
      <line className="interval" x1={x(low)} x2={x(high)} y1={y} y2={y} />
      {baseline?.unit === '%' && (
        <line className="tick" x1={x(baseline.value)} x2={x(baseline.value)} y1={y - 6} y2={y + 6} />
      )}
      <circle cx={x(value)} cy={y} r={4.5} />
    </g>
  )
}
