import { z } from 'zod'
import { layerNormed, type Scope } from '../../nn/index.ts'
import { concat, expand, type Tensor } from '../../tensor/index.ts'
import { parseConfig, withTokenIndices } from '../config.ts'
import { type QFormerConfig, qformerConfig, qformerText } from '../connectors/qformer.ts'
import { type Architecture, family } from '../family.ts'
import type { PreprocessorConfig } from '../views/image-processor.ts'
import type { ConnectorContext } from '../vision-side.ts'
import { blipArchitecture, blipFields } from './blip-2.ts'

/**
 * InstructBLIP (Dai et al., InstructBLIP: Towards General-purpose Vision-Language Models with Instruction Tuning, arXiv
 * 2305.06500): BLIP-2 whose Q-Former reads the question too, so that what it takes from the image depends on it.
 */
const schema = z.object({ model_type: z.literal('instructblip'), ...blipFields })

/** Queries and the words of the question, normalised together: [b, q + t, d]. */
function withQuestion(p: Scope, config: QFormerConfig, queries: Tensor, { question }: ConnectorContext): Tensor {
  const words = qformerText(p.at('embeddings'), config, question!)
  const [views] = queries.shape
  const ofEach = words.shape[0] === views ? words : expand(words, [views, ...words.shape.slice(1)])
  return layerNormed(p.at('embeddings', 'layernorm'), concat([queries, ofEach], 1), config.layer_norm_eps)
}

function bind(raw: unknown, processor?: PreprocessorConfig): Architecture {
  const config = parseConfig(schema, withTokenIndices(raw))
  const { max_position_embeddings: maxTokens } = qformerConfig(config.qformer_config, 'qformer_config')
  const base = blipArchitecture('instructblip', config, withQuestion, processor)
  return { ...base, vision: { ...base.vision, question: { tokenizer: 'qformer_tokenizer', maxTokens } } }
}

const weightName = (name: string): string | undefined =>
  /rotary_emb\.inv_freq$|position_ids$/.test(name) ? undefined : name

export const instructblip = family({ id: 'instructblip', modelTypes: ['instructblip'], weightName, bind })
