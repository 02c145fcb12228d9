import { z } from 'zod'
import { layerCount, parseConfig, size } from '../config.ts'
import { type LanguageModel, llamaModel } from './language-model.ts'
import type { LlamaConfig } from './llama.ts'
import { POSITION_AXES, withAxes } from './qwen2-vl.ts'
import { qwen3Decoder, qwen3Fields } from './qwen3.ts'

const schema = z.object({
  ...qwen3Fields,
  num_hidden_layers: layerCount.default(32),
  max_position_embeddings: size.default(128_000),
})

const THETA = 5e5

/**
 * The decoder of Qwen3-VL (Bai et al., arXiv 2511.21631, section 2): Qwen3 whose rotary pairs go to time, row and column in
 * turn, so that each axis has fast ones and slow ones. Throws FoveaError `config_invalid` naming the field that does not fit.
 */
export const qwen3VlModel = (raw: unknown, part: string): LanguageModel => ({
  ...llamaModel(qwen3VlConfig(raw, part)),
  positionAxes: POSITION_AXES,
})

function qwen3VlConfig(raw: unknown, part: string): LlamaConfig {
  const fields = parseConfig(schema, raw, part)
  return withAxes(qwen3Decoder(fields, part, THETA), fields, part, inTurn, [24, 20, 20])
}

/** Rows and columns take every third pair as long as they have some left, time all others. */
export function inTurn(sections: readonly number[]): number[] {
  const pairs = sections.reduce((sum, count) => sum + count, 0)
  return Array.from({ length: pairs }, (_, pair) => {
    const axis = pair % POSITION_AXES
    return Math.floor(pair / POSITION_AXES) < sections[axis] ? axis : 0
  })
}
