import { FoveaError } from '../errors.ts'
import { SPLITS, type Split } from './make-scene.ts'

/** Throws FoveaError `world-split` for an unknown split and `world-seed` for a seed or index that is no integer. */
export function assertKey({ split, seed, index }: { split: Split; seed: number; index: number }): void {
  if (!SPLITS.includes(split)) {
    throw new FoveaError('world-split', 'usage', `Unknown split "${split}": use one of ${SPLITS.join(', ')}`)
  }
  if (!Number.isSafeInteger(seed) || !Number.isSafeInteger(index) || index < 0) {
    throw new FoveaError('world-seed', 'usage', `Seed ${seed} and index ${index} must be integers, the index from 0`)
  }
}
