import { embedding, layerNormed, type Scope } from '../../nn/index.ts'
import { add, arange, gather, mulDim, reshape, type Tensor } from '../../tensor/index.ts'
import { size } from '../config.ts'
import { causalMask } from '../language/masks.ts'
import { type EncoderConfig, encoderStack } from '../vision/transformer.ts'

/** What the text encoders of CLIP and SigLIP are given by `text_config`. */
export interface TextTowerConfig extends EncoderConfig {
  readonly vocab_size: number
  readonly max_position_embeddings: number
}

/** Fields that both have. */
export const textFields = {
  vocab_size: size,
  hidden_size: size,
  intermediate_size: size,
  num_hidden_layers: size.default(12),
  num_attention_heads: size,
  max_position_embeddings: size,
}

/**
 * A transformer with learnt positions, of which one state per text is taken: ids i64 [b, s] and places i64 [b] among all
 * b s tokens -> [b, d].
 */
export function textTower(
  p: Scope,
  config: TextTowerConfig,
  { ids, places, isCausal }: { readonly ids: Tensor; readonly places: Tensor; readonly isCausal: boolean },
): Tensor {
  const { hidden_size: width, vocab_size, max_position_embeddings } = config
  const [batch, length] = ids.shape
  const table = p.at('embeddings')
  const words = embedding(table.at('token_embedding'), ids, vocab_size, width)
  const positions = embedding(table.at('position_embedding'), arange(length), max_position_embeddings, width)
  const states = add(words, positions)
  const encoded = encoderStack(
    p.at('encoder'),
    config,
    states,
    isCausal ? causalMask(undefined, { states }) : undefined,
  )
  // The norm treats tokens one by one, so that of the others is never needed.
  const pooled = gather(reshape(encoded, [mulDim(batch, length), width]), places)
  return layerNormed(p.at('final_layer_norm'), pooled, config.layer_norm_eps)
}
