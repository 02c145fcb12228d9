import type { z } from 'zod'
import type { LongRope } from '../../nn/index.ts'
import { configError } from '../config.ts'
import type { longRopeGroup } from './rotary-config.ts'

export interface TextLengths {
  readonly max_position_embeddings: number
  readonly original_max_position_embeddings?: number
}

/** What old and new files call it. */
const TYPES: readonly string[] = ['longrope', 'su', 'yarn']

/**
 * LongRoPE (Ding et al., arXiv 2402.13753), which old files of Phi-3 call "su" or "yarn": each of `width / 2` rotary pairs
 * turns slower by a factor of its own, another one in long texts. Undefined where positions are not scaled. Throws
 * FoveaError `config_invalid`.
 */
export function longRopeOf(
  lengths: TextLengths,
  group: z.output<typeof longRopeGroup>,
  width: number,
  part: string,
): LongRope | undefined {
  const type = group.rope_type ?? group.type ?? 'default'
  if (type === 'default') return undefined
  if (!TYPES.includes(type))
    throw configError(`${part}.rope_scaling`, `rotary positions of type "${type}" are not supported`)
  const [short, long] = (['short_factor', 'long_factor'] as const).map((name) => {
    const found = group[name] ?? []
    if (found.length === width / 2) return found
    throw configError(`${part}.rope_scaling.${name}`, `needs ${width / 2} numbers, has ${found.length}`)
  })
  const { max_position_embeddings: longest } = lengths
  const originalLength = group.original_max_position_embeddings ?? lengths.original_max_position_embeddings ?? longest
  const factor = group.factor ?? longest / originalLength
  const magnitude = factor <= 1 ? 1 : Math.sqrt(1 + Math.log(factor) / Math.log(originalLength))
  return { short, long, originalLength, magnitude: group.attention_factor ?? magnitude }
}
