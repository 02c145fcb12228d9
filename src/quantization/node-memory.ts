import { freemem, totalmem } from 'node:os'
import { FoveaError } from '../errors.ts'
import type { MemoryEstimate, Precision } from '../pipeline/precision-report.ts'
import { formatBytes } from './estimate.ts'

/** Bytes that this process may still take. macOS counts what it would give back at once as used. */
export function availableMemory(): number {
  if (process.platform === 'darwin') return 0.75 * totalmem()
  const limited = (process as { availableMemory?: () => number }).availableMemory?.() ?? Number.POSITIVE_INFINITY
  return Math.min(limited, freemem())
}

/**
 * Refuses what cannot fit, before anything is read.
 * @throws FoveaError `memory_short`, kind `resource`, with the numbers and what would fit
 */
export function assertFits(
  folder: string,
  wanted: MemoryEstimate,
  smaller: readonly MemoryEstimate[],
  available = availableMemory(),
): void {
  if (wanted.total <= available) return
  const { precision, weights, cache, total } = wanted
  const numbers = `${precision} needs ${formatBytes(total)} (weights ${formatBytes(weights)}, context ${formatBytes(cache)})`
  const fitting = smaller.find((estimate) => estimate.total <= available)
  const advice = fitting
    ? `--dtype ${fitting.precision} needs ${formatBytes(fitting.total)}`
    : `free memory or take a smaller model${leastOf(precision, smaller)}`
  const message = `${folder}: ${numbers}, but ${formatBytes(available)} are free; ${advice}`
  throw new FoveaError('memory_short', 'resource', message)
}

const leastOf = (precision: Precision, smaller: readonly MemoryEstimate[]): string => {
  const least = smaller.at(-1)
  return least && least.precision !== precision ? ` (${least.precision} needs ${formatBytes(least.total)})` : ''
}
