import type { TableEntry } from '../../checkpoints/weight-table.ts'

/** Weights that a method adds to a model, and those of the model that it replaces, by name. */
export interface Adapter {
  /** Where they come from, for messages. */
  readonly name: string
  readonly entries: ReadonlyMap<string, TableEntry>
  /** Bytes, or paths that the backend can read, by the names that entries give. */
  readonly files: Readonly<Record<string, Uint8Array | string>>
  /** SHA-256 of them: what is compiled and encoded with them is kept under it, beside the name of the method. */
  readonly hash?: string
  /** Options of the method that they were trained for, and work with alone. */
  readonly options?: Readonly<Record<string, unknown>>
  /** Those options hold where the method states none, instead of its defaults: of adapters that others trained. */
  readonly settles?: boolean
}

/** Which weights a method is to have. */
export interface AdapterWanted {
  /** Of the method. */
  readonly id: string
  /** A folder, or a model of the hub that has them; those of the loaded model when absent. */
  readonly weights?: string
}

/** Where the adapters of a loaded model are found. */
export interface AdapterSource {
  /**
   * The adapter of a method, undefined where there is none.
   * @throws FoveaError `adapter_missing` where it was named and is not there, `adapter_foreign` for one of another model,
   *   `adapter_invalid` for one that is damaged
   */
  find(wanted: AdapterWanted): Promise<Adapter | undefined>
  /** SHA-256 of the config and the weights of the model, which adapters for it are marked with. */
  identity(): Promise<string>
}

/** Whether a weight is a method's own; the others of an adapter stand in the place of the model's. */
export const isOwnWeight = (name: string): boolean => name.startsWith('method.')
