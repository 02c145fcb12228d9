import type { Report } from '../api/types.ts'
import type { Run } from '../playground/use-run.ts'
import { milliseconds, short } from '../ui/numbers.ts'

interface Props {
  readonly methods: readonly string[]
  readonly runs: readonly Run[]
  readonly right?: string
}

/** What each method answered, and what it cost. */
export function Outcomes({ methods, runs, right }: Props) {
  return (
    <table className="outcomes">
      <thead>
        <tr>
          <th scope="col">method</th>
          <th scope="col">answer</th>
          <th scope="col">tokens</th>
          <th scope="col">FLOPs, reading</th>
          <th scope="col">first token</th>
        </tr>
      </thead>
      <tbody>
        {methods.map((method, at) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: the same method may stand there twice
          <Outcome key={at} method={method} run={runs[at]} right={right} />
        ))}
      </tbody>
      {right !== undefined && (
        <caption>
          Right would be <strong>{right}</strong>.
        </caption>
      )}
    </table>
  )
}

function Outcome({ method, run, right }: { method: string; run?: Run; right?: string }) {
  const { text = '', report, error } = run ?? {}
  const answer = text.trim()
  const mark = right === undefined || !report ? '' : answer === right ? 'yes' : 'no'
  if (error)
    return (
      <tr>
        <Name method={method} />
        <td colSpan={4}>
          <p className="notice">{error}</p>
        </td>
      </tr>
    )
  return (
    <tr>
      <Name method={method} />
      <td className={`said ${mark}`}>{answer || '…'}</td>
      <td className="number">{report && tokensOf(report)}</td>
      <td className="number">{report && short(report.flops.prefill)}</td>
      <td className="number">{report && milliseconds(report.milliseconds.ttft)}</td>
    </tr>
  )
}

/** Its id, and below it what it was given. */
function Name({ method }: { method: string }) {
  const [id, ...options] = method.split(':')
  return (
    <th scope="row">
      {id}
      <span className="hint">{options.join(':').replaceAll(',', ', ')}</span>
    </th>
  )
}

const tokensOf = ({ visual_tokens: { before, last } }: Report): string =>
  before === last ? String(before) : `${before} → ${last}`
