import { z } from 'zod'
import { linear } from '../../nn/index.ts'
import { exp } from '../../tensor/index.ts'
import { act, assertHeads, configError, optionalSize, parseConfig, size } from '../config.ts'
import type { DualEncoder } from './dual-encoder.ts'
import { textFields, textTower } from './text-tower.ts'

const textSchema = z.object({
  ...textFields,
  vocab_size: size.default(32000),
  hidden_size: size.default(768),
  intermediate_size: size.default(3072),
  num_attention_heads: size.default(12),
  max_position_embeddings: size.default(64),
  hidden_act: act.default('gelu_pytorch_tanh'),
  layer_norm_eps: z.number().positive().default(1e-6),
  pad_token_id: z.int().nonnegative().nullish(),
  projection_size: optionalSize,
})

/** What is taken out of texts: the punctuation of ASCII. */
const PUNCTUATION = /[!-/:-@[-`{-~]/g

/** As the tokenizer classes of these names change texts, whether or not their tokenizer.json says so too. */
export function canonicalText(text: string, tokenizerClass: string): string {
  if (/^Siglip2Tokenizer/.test(tokenizerClass)) return text.toLowerCase()
  if (!/^SiglipTokenizer/.test(tokenizerClass)) return text
  return text.toLowerCase().replace(PUNCTUATION, '').replace(/\s+/g, ' ').trim()
}

/**
 * The text encoder of SigLIP and SigLIP 2, and how its embeddings are compared with those of images of `imageWidth`
 * numbers: texts are filled up to a fixed length, and the last token of a bidirectional encoder stands for all.
 */
export function siglipText(raw: unknown, imageWidth: number) {
  const config = parseConfig(textSchema, raw, 'text_config')
  assertHeads(config.num_attention_heads, config.hidden_size, 'text_config')
  const { projection_size: width = config.hidden_size, max_position_embeddings: maxLength } = config
  if (width !== imageWidth)
    throw configError('text_config.projection_size', `${width} is not vision_config.hidden_size ${imageWidth}`)
  return {
    width,
    text: {
      maxLength,
      isFixedLength: true,
      padId: config.pad_token_id ?? 1,
      canonical: canonicalText,
      pooledAt: () => maxLength - 1,
    },
    probability: 'sigmoid',
    encodeTexts: (p, ids, places) => {
      const pooled = textTower(p.at('text_model'), config, { ids, places, isCausal: false })
      return linear(p.at('text_model', 'head'), pooled, width)
    },
    scale: (p) => exp(p('logit_scale', [1])),
    bias: (p) => p('logit_bias', [1]),
  } satisfies Partial<DualEncoder>
}
