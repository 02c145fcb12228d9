/** Which model adapters are for, and the folders that their name means. */
import { cachedSnapshot } from '../hub/cache.ts'
import { parseReference } from '../hub/reference.ts'
import { hubSettings } from '../hub/settings.ts'

/** What adapters are bound to. */
export interface AdapterBase {
  /** For messages. */
  readonly name: string
  readonly folder: string
  /** config.json, parsed. */
  readonly config: Record<string, unknown>
  /** Paths of the weights. */
  readonly files: readonly string[]
  /** The name that a weight of the checkpoint has in programs; as it is when absent. */
  readonly weightName?: (name: string) => string | undefined
}

/** A folder, and the model of the hub that is in the cache. */
export async function foldersNamed(weights: string): Promise<readonly string[]> {
  const reference = parseReference(weights)
  const snapshot = reference && (await cachedSnapshot(hubSettings().cache, reference))
  return snapshot ? [weights, snapshot] : [weights]
}
