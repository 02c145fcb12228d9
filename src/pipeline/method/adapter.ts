import type { TableEntry } from '../../checkpoints/weight-table.ts'

/** Weights that a method adds to a model, and those of the model that it replaces, by name. */
export interface Adapter {
  /** Where they come from, for messages. */
  readonly name: string
  readonly entries: ReadonlyMap<string, TableEntry>
  /** Bytes, or paths that the backend can read, by the names that entries give. */
  readonly files: Readonly<Record<string, Uint8Array | string>>
}
