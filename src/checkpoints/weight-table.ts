import type { CompileOptions } from '../runtime/index.ts'
import type { DType } from '../tensor/index.ts'

export interface TableEntry {
  readonly dtype: DType
  readonly shape: readonly number[]
  /** Name of the file in `files`, and the range in it. */
  readonly file: string
  readonly offset: number
  readonly byteLength: number
}

/** The weights of a checkpoint where they lie, and the files they lie in (bytes, or a path the backend can read). */
export interface WeightTable {
  readonly entries: ReadonlyMap<string, TableEntry>
  readonly compileOptions: Pick<CompileOptions, 'weights' | 'files' | 'folder' | 'threads' | 'rewrite' | 'watch'>
}

export function weightTable(
  entries: ReadonlyMap<string, TableEntry>,
  files: Readonly<Record<string, Uint8Array | string>>,
  threads?: number,
): WeightTable {
  const weights = (name: string) => {
    const entry = entries.get(name)
    if (!entry) return undefined
    const { dtype, shape, file, offset, byteLength } = entry
    return { dtype, shape, content: { file, offset, length: byteLength } }
  }
  return { entries, compileOptions: { weights, files, threads } }
}

/** Numbers in all weights whose name begins with `prefix`. */
export const countParameters = ({ entries }: WeightTable, prefix = ''): number =>
  [...entries]
    .filter(([name]) => name.startsWith(prefix))
    .reduce((total, [, { shape }]) => total + shape.reduce((a, b) => a * b, 1), 0)
