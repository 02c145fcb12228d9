import { FoveaError } from '../errors.ts'
import { closest } from '../text/closest.ts'
import type { Family } from './family.ts'
import { families } from './index.generated.ts'

/** The family that reads a parsed config.json. Throws FoveaError `architecture_unknown` with the nearest names. */
export function findFamily(config: Record<string, unknown>, model: string): Family {
  const type = String(config.model_type)
  const found = families.find((family) => family.modelTypes.includes(type))
  if (found) return found
  const known = families.flatMap((family) => family.modelTypes)
  const near = closest(type, known)
  const hint = near.length ? `nearest: ${near.join(', ')}` : `supported: ${known.join(', ')}`
  throw new FoveaError('architecture_unknown', 'input', `${model}: model_type "${type}" is not supported; ${hint}`)
}
