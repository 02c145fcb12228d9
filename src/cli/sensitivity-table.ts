import type { LayerReport, PrecisionReport } from '../pipeline/precision-report.ts'
import { table } from './terminal.ts'

/** What every quantized layer loses, the largest error first; nothing where it is not wanted. */
export function sensitivityTable({ layers }: PrecisionReport, isWanted = false): string[] {
  if (!isWanted) return []
  const worst = ({ errors }: LayerReport) => Math.max(0, ...Object.values(errors))
  const percent = (share?: number) => (share === undefined ? '' : `${(100 * share).toFixed(2)} %`)
  const rows = [...layers]
    .sort((a, b) => worst(b) - worst(a))
    .map(({ weight, form, errors, plainError, smoothed }) => [
      weight,
      form,
      smoothed ? 'yes' : '',
      percent(plainError),
      percent(errors.int8),
      percent(errors.int4),
    ])
  return [table(['layer', 'kept in', 'smoothed', '>int8 error, one scale', '>int8 error', '>int4 error'], rows)]
}
