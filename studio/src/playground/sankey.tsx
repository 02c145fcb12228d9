import type { Report } from '../api/types.ts'
import { useWidth } from '../ui/use-width.ts'
import { type Step, stepsOf } from './flow.ts'
import { stopsOf } from './patches.ts'

const HEIGHT = 210
const TOP = 30
const BAND = 130

interface Props {
  readonly report: Report
  readonly at: number
  readonly onChoose: (at: number) => void
}

/** Visual tokens on their way: the band narrows where tokens join, and what is dropped falls out of it. */
export function Sankey({ report, at, onChoose }: Props) {
  const [ref, width] = useWidth<HTMLDivElement>()
  const stops = stopsOf(report)
  const most = Math.max(...stops.map(({ tokens }) => tokens), 1)
  const x = (stop: number) => 18 + (stop * (width - 36)) / Math.max(1, stops.length - 1)
  const y = (tokens: number) => (tokens / most) * BAND
  const steps = stepsOf(report)
  const words = stops.map(({ name, tokens }) => `${name} ${tokens}`).join(', ')
  return (
    <div ref={ref} className="sankey" style={{ height: HEIGHT }}>
      {width > 0 && (
        <svg width={width} height={HEIGHT} role="img" aria-label={`Visual tokens: ${words}`}>
          <Fading />
          {steps.map((step, index) => (
            <Band key={step.to.name} step={step} from={x(index)} to={x(index + 1)} y={y} />
          ))}
          {stops.map(({ name, tokens }, index) => (
            // biome-ignore lint/a11y/noStaticElementInteractions: the slider beside it does the same by keys
            <g key={name} className={index === at ? 'stop here' : 'stop'} onClick={() => onChoose(index)}>
              <rect className="target" x={x(index) - 16} y={0} width={32} height={HEIGHT} />
              <line x1={x(index)} x2={x(index)} y1={TOP} y2={TOP + Math.max(2, y(tokens))} />
              <Label index={index} stops={stops} x={x(index)} width={width} />
            </g>
          ))}
        </svg>
      )}
    </div>
  )
}

function Band({
  step: { from, to, stay, join, drop },
  from: left,
  to: right,
  y,
}: {
  step: Step
  from: number
  to: number
  y: (tokens: number) => number
}) {
  const middle = (left + right) / 2
  const curve = (y1: number, y2: number) => `C${middle} ${y1} ${middle} ${y2}`
  const [a, b] = [TOP + y(from.tokens), TOP + y(to.tokens)]
  const out = TOP + y(stay + join)
  const far = Math.min(right, left + 90)
  const fall = HEIGHT - 26
  return (
    <>
      {drop > 0 && (
        <path
          className="drop"
          d={`M${left} ${out}C${(left + far) / 2} ${out} ${far - 14} ${out + 12} ${far} ${fall}L${far - 18} ${fall}C${left + 18} ${Math.max(a, out + 20)} ${left + 8} ${a} ${left} ${a}Z`}
        />
      )}
      <path
        className={join > 0 ? 'flow joins' : 'flow'}
        d={`M${left} ${TOP}L${right} ${TOP}L${right} ${b}${curve(b, out)} ${left} ${out}Z`}
      />
    </>
  )
}

/** Only where the number changes, and at both ends. */
function Label({
  index,
  stops,
  x,
  width,
}: {
  index: number
  stops: ReturnType<typeof stopsOf>
  x: number
  width: number
}) {
  const { name, tokens } = stops[index]
  const isEnd = index === 0 || index === stops.length - 1
  const changes = index > 0 && stops[index - 1].tokens !== tokens
  const anchor = index === 0 ? 'start' : index === stops.length - 1 ? 'end' : 'middle'
  const at = index === 0 ? x - 16 : index === stops.length - 1 ? x + 16 : x
  const isRoomy = width / stops.length > 62
  return (
    <>
      {(isEnd || changes) && (
        <text className="tokens" x={at} y={20} textAnchor={anchor}>
          {tokens}
        </text>
      )}
      {(isRoomy || isEnd) && (
        <text className="name" x={at} y={HEIGHT - 6} textAnchor={anchor}>
          {name}
        </text>
      )}
    </>
  )
}

const Fading = () => (
  <defs>
    <linearGradient id="fall" x1="0" y1="0" x2="0" y2="1">
      <stop offset="0" stopColor="var(--dropped)" stopOpacity=".75" />
      <stop offset="1" stopColor="var(--dropped)" stopOpacity="0" />
    </linearGradient>
  </defs>
)
