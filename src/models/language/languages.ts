import { z } from 'zod'
import { chosenBy, parseConfig } from '../config.ts'
import { languages } from './index.generated.ts'
import type { LanguageModel } from './language-model.ts'

const byType = Object.fromEntries(languages.map((language) => [language.modelType, language]))

const typed = z.looseObject({
  model_type: z.string().default('llama'),
  tie_word_embeddings: z.boolean().optional(),
})

/**
 * The language model that `text_config` describes. Old files say there whether embeddings are tied, new ones at the top:
 * either counts. Throws FoveaError `config_invalid` naming the field that does not fit.
 */
export function languageOf(raw: unknown, part: string, tied = false): LanguageModel {
  const config = parseConfig(typed, raw, part)
  const tie_word_embeddings = tied || config.tie_word_embeddings // absent: each model's own default
  return chosenBy(byType, config.model_type, part).read({ ...config, tie_word_embeddings }, part)
}
