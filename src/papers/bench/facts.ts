/** What two benchmarks must share to be compared, and what they may differ in. */
export interface BenchFacts {
  readonly model: string
  readonly modelHash: string
  readonly split: string
  readonly seed: number
  readonly n: number
  readonly tasks: readonly string[]
  /** Of a file of one's own questions: its SHA-256. */
  readonly data?: string
  readonly code: string
  readonly version: string
  readonly machine: string
  readonly node: string
  readonly threads: number
}

/** What two benchmarks differ in, in words. */
export const differences = (a: BenchFacts, b: BenchFacts, names: readonly (keyof BenchFacts)[]): string[] =>
  names
    .filter((name) => JSON.stringify(a[name]) !== JSON.stringify(b[name]))
    .map((name) => `${name} ${a[name]}, not ${b[name]}`)
