import { z } from 'zod'
import { chosenBy, parseConfig } from '../config.ts'
import { gemmaConfig } from './gemma.ts'
import { gemma2Config } from './gemma2.ts'
import { type LanguageModel, llamaModel } from './language-model.ts'
import { llamaConfig } from './llama-config.ts'
import { mistralConfig } from './mistral.ts'
import { optModel } from './opt.ts'
import { phi3Config } from './phi3.ts'
import { qwen2Config } from './qwen2.ts'
import { qwen3Config } from './qwen3.ts'
import { t5Model } from './t5.ts'

/** How the decoder of each `model_type` is read. */
const languages: Readonly<Record<string, (raw: unknown, part: string) => LanguageModel>> = {
  gemma: (raw, part) => llamaModel(gemmaConfig(raw, part)),
  gemma2: (raw, part) => llamaModel(gemma2Config(raw, part)),
  llama: (raw, part) => llamaModel(llamaConfig(raw, part)),
  mistral: (raw, part) => llamaModel(mistralConfig(raw, part)),
  opt: optModel,
  phi3: (raw, part) => llamaModel(phi3Config(raw, part)),
  qwen2: (raw, part) => llamaModel(qwen2Config(raw, part)),
  qwen3: (raw, part) => llamaModel(qwen3Config(raw, part)),
  t5: t5Model,
}

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
  return chosenBy(languages, config.model_type, part)({ ...config, tie_word_embeddings }, part)
}
