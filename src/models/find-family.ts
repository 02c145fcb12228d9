import { FoveaError } from '../errors.ts'
import { closest } from '../text/closest.ts'
import type { DualFamily } from './dual/dual-encoder.ts'
import { dualFamilies } from './dual/index.generated.ts'
import type { Family } from './family.ts'
import { families } from './index.generated.ts'

type Config = Record<string, unknown>

/**
 * The family that reads a parsed config.json. Throws FoveaError `architecture_unknown` with the nearest names, or
 * `model_embeds` for a model that answers no questions.
 */
export function findFamily(config: Config, model: string): Family {
  const found = familyOf(families, config)
  if (found) return found
  if (dualFamilyOf(config)) {
    const advice = 'it makes embeddings and answers no questions; use fovea embed, or loadEmbedder in the library'
    throw new FoveaError('model_embeds', 'input', `${model}: this is a ${config.model_type} model: ${advice}`)
  }
  throw unknown(config, model, families)
}

/**
 * The family of image and text encoders that reads a parsed config.json. Throws FoveaError `architecture_unknown` with
 * the nearest names, or `model_answers` for a model that answers questions.
 */
export function findDualFamily(config: Config, model: string): DualFamily {
  const found = dualFamilyOf(config)
  if (found) return found
  if (familyOf(families, config)) {
    const advice = 'it answers questions and makes no embeddings; use fovea ask, or loadModel in the library'
    throw new FoveaError('model_answers', 'input', `${model}: this is a ${config.model_type} model: ${advice}`)
  }
  throw unknown(config, model, dualFamilies)
}

/** Throws FoveaError `architecture_unknown` for a model that fovea cannot load at all. */
export function assertKnown(config: Config, model: string): void {
  const all = [...families, ...dualFamilies]
  if (!familyOf(all, config)) throw unknown(config, model, all)
}

/** The family of image and text encoders that a config.json names, if there is one. */
export const dualFamilyOf = (config: Config): DualFamily | undefined => familyOf(dualFamilies, config)

interface Typed {
  readonly modelTypes: readonly string[]
}

const familyOf = <Entry extends Typed>(entries: readonly Entry[], { model_type }: Config): Entry | undefined =>
  entries.find(({ modelTypes }) => modelTypes.includes(String(model_type)))

function unknown(config: Config, model: string, entries: readonly Typed[]): FoveaError {
  const type = String(config.model_type)
  const known = entries.flatMap(({ modelTypes }) => modelTypes)
  const near = closest(type, known)
  const hint = near.length ? `nearest: ${near.join(', ')}` : `supported: ${known.join(', ')}`
  return new FoveaError('architecture_unknown', 'input', `${model}: model_type "${type}" is not supported; ${hint}`)
}
