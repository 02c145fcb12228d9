import type { Row } from '../api/types.ts'
import { withUnit } from '../ui/numbers.ts'

export function ResultRow({ row }: { row: Row }) {
  const { name, value, unit, interval, baseline, paper } = row
  return (
    <tr>
      <th scope="row">{name}</th>
      <td className="number strong">{withUnit(value, unit)}</td>
      <td className="number">{interval && between(interval, unit)}</td>
      <td className="number">{baseline && `${baseline.name} ${withUnit(baseline.value, baseline.unit)}`}</td>
      <td className="number">{paper && <span title={paper.where}>{withUnit(paper.value, paper.unit)}</span>}</td>
      <Verdict row={row} />
    </tr>
  )
}

const between = ([low, high]: readonly [number, number], unit: string): string => {
  const digits = unit === 'x' ? 3 : 1
  return `${low.toFixed(digits)} to ${high.toFixed(digits)}`
}

function Verdict({ row: { holds, reason, note } }: { row: Row }) {
  const word = holds === true ? 'holds' : holds === false ? 'does not hold' : holds
  const mark = holds === true ? 'yes' : holds === false ? 'no' : 'open'
  return (
    <td className="why">
      {word && <span className={`verdict ${mark}`}>{word}</span>}
      {holds !== true && reason && <span> {reason}</span>}
      {note && <span className="hint"> {note}</span>}
    </td>
  )
}
