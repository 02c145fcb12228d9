/** What a benchmark measured, and how it is judged. */
import type { Backend } from '../src/runtime/index.ts'

export interface Row {
  readonly name: string
  readonly value: number
  readonly unit: 'GFLOP/s' | 'tokens/s' | 'ms' | 's' | 'MiB' | 'x'
  /** The least, or the most, that the project wants to see. */
  readonly target?: { readonly atLeast: number } | { readonly atMost: number }
  readonly note?: string
}

/** A row that could not be measured here, and why. */
export interface Skipped {
  readonly name: string
  readonly skipped: string
}

export interface Context {
  readonly backend: Backend
  /** Measurements of which the median counts. */
  readonly repeat: number
  /** GFLOP/s of a 1024^3 matrix product in f32, measured once per run. */
  peak(): Promise<number>
}

export interface Benchmark {
  /** What `--only` calls it. */
  readonly name: string
  measure(context: Context): Promise<(Row | Skipped)[]>
}

export const isMet = ({ value, target }: Row): boolean | undefined => {
  if (!target) return undefined
  return 'atLeast' in target ? value >= target.atLeast : value <= target.atMost
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = Math.floor(sorted.length / 2)
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
}

/** The median of several runs after warm-up runs that do not count; `run` returns its own figure. */
export async function medianOf(repeat: number, run: () => Promise<number>, warmup = 2): Promise<number> {
  for (let at = 0; at < warmup; at++) await run()
  const figures: number[] = []
  while (figures.length < repeat) figures.push(await run())
  return median(figures)
}
