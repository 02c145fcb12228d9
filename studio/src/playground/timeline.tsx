import type { Report } from '../api/types.ts'
import { milliseconds } from '../ui/numbers.ts'

const STAGES = [
  { name: 'preprocess', words: 'picture' },
  { name: 'vision', words: 'encoder' },
  { name: 'prefill', words: 'reading' },
  { name: 'decode', words: 'answer' },
] as const

/** What each stage took, as lengths. */
export function Timeline({ report: { milliseconds: took } }: { report: Report }) {
  const total = STAGES.reduce((sum, { name }) => sum + took[name], 0) || 1
  return (
    <div className="timeline">
      <div className="bar" aria-hidden="true">
        {STAGES.map(({ name }) => (
          <span key={name} className={name} style={{ flexGrow: took[name] / total }} />
        ))}
      </div>
      <dl>
        {STAGES.map(({ name, words }) => (
          <div key={name}>
            <dt className={name}>{words}</dt>
            <dd>{took[name] === 0 ? 'cached' : milliseconds(took[name])}</dd>
          </div>
        ))}
        <div>
          <dt>first token</dt>
          <dd>{milliseconds(took.ttft)}</dd>
        </div>
      </dl>
    </div>
  )
}
