import type { Model } from '../pipeline/model.ts'

/**
 * The same model, which answers with the most likely tokens unless something else is asked for, whatever its
 * generation_config.json says: what is measured does not hang on a draw. It shares everything with the model.
 */
export const greedyModel = (model: Model): Model =>
  Object.create(model, { parts: { value: { ...model.parts, generation: undefined } } })
