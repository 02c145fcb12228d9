/** What the files of a model say of its answers: where they end, and how their tokens are chosen. */
import { z } from 'zod'
import { FoveaError } from '../errors.ts'
import type { SamplingOptions } from './sampling.ts'

/** How the authors of a model want its answers made; what is asked for goes before it. */
export interface GenerationDefaults
  extends Pick<SamplingOptions, 'temperature' | 'topK' | 'topP' | 'repetitionPenalty'> {
  readonly maxTokens?: number
}

const schema = z.object({
  do_sample: z.boolean().nullish(),
  temperature: z.number().min(0).nullish(),
  top_k: z.int().min(0).nullish(),
  top_p: z.number().gt(0).max(1).nullish(),
  repetition_penalty: z.number().gt(0).nullish(),
  max_new_tokens: z.int().min(1).nullish(),
})

/** What transformers takes for a model that samples and says no more. */
const [USUAL_TEMPERATURE, USUAL_TOP_K] = [1, 50]

const configError = (message: string): FoveaError => new FoveaError('config_invalid', 'input', message)

/**
 * The defaults of generation_config.json. As in transformers a penalty always holds, the rest where `do_sample` is on;
 * `top_k` 0 is no limit.
 * @throws FoveaError `config_invalid` naming the field
 */
export function generationDefaults(file: Record<string, unknown>): GenerationDefaults {
  const parsed = schema.safeParse(file)
  if (!parsed.success) {
    const [{ path, message }] = parsed.error.issues
    throw configError(`generation_config.json: ${path.join('.')}: ${message}`)
  }
  const { do_sample, temperature, top_k, top_p, repetition_penalty, max_new_tokens } = parsed.data
  const topK = top_k ?? USUAL_TOP_K
  return {
    ...(repetition_penalty && { repetitionPenalty: repetition_penalty }),
    ...(do_sample && {
      temperature: temperature ?? USUAL_TEMPERATURE,
      ...(topK > 0 && { topK }),
      ...(top_p && { topP: top_p }),
      ...(max_new_tokens && { maxTokens: max_new_tokens }),
    }),
  }
}

/** Options of an answer: what is asked for, and what the model's authors want where that says nothing. */
export const withDefaults = <T extends object>(
  asked: T,
  defaults: GenerationDefaults = {},
): GenerationDefaults & T => ({
  ...defaults,
  ...(Object.fromEntries(Object.entries(asked).filter(([, value]) => value !== undefined)) as T),
})

/** The tokens that end an answer, and which file names them; none where no file does. */
export interface EndOfText {
  readonly eosIds: readonly number[]
  readonly eosFile?: string
}

/** What may name them. */
export interface EndOfTextFiles {
  readonly generation: Record<string, unknown>
  readonly config: Record<string, unknown>
  readonly tokenizer: { readonly eosToken?: string; tokenToId(token: string): number | undefined }
}

const idsSchema = z.union([z.int().nonnegative(), z.array(z.int().nonnegative())]).nullish()

/**
 * Looks in generation_config.json, config.json, its `text_config` or `llm_config`, and tokenizer_config.json; the first
 * that names a token is right.
 * @throws FoveaError `config_invalid`
 */
export function endOfText({ generation, config, tokenizer }: EndOfTextFiles): EndOfText {
  const places = [
    ['generation_config.json', generation],
    ['config.json', config],
    ['text_config of config.json', config.text_config],
    ['llm_config of config.json', config.llm_config],
  ] as const
  for (const [eosFile, part] of places) {
    const eosIds = statedIds(part, eosFile)
    if (eosIds.length > 0) return { eosIds, eosFile }
  }
  const id = tokenizer.eosToken === undefined ? undefined : tokenizer.tokenToId(tokenizer.eosToken)
  return id === undefined ? { eosIds: [] } : { eosIds: [id], eosFile: 'tokenizer_config.json' }
}

function statedIds(part: unknown, where: string): number[] {
  if (typeof part !== 'object' || part === null || !('eos_token_id' in part)) return []
  const parsed = idsSchema.safeParse(part.eos_token_id)
  if (parsed.success) return [parsed.data ?? []].flat()
  throw configError(`eos_token_id in ${where} must be token ids, whole numbers from 0`)
}
