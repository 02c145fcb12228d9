import type { Architecture } from '../../models/family.ts'
import type { Scope } from '../../nn/index.ts'
import type { Tensor } from '../../tensor/index.ts'
import type { Carrying } from '../method/carrying.ts'
import { reachLog } from '../method/compose.ts'
import type { Method, Site } from '../method/method.ts'
import type { FrameLayout, GatheredTokens } from '../method/visual-tokens.ts'
import { type Packing, packTokens } from './pack.ts'

export interface GatherOptions {
  /** How the family packs the views; they stay apart when absent. */
  readonly packing?: Packing
  /** Of a video: how the tokens of its frames lie, packed or not. */
  readonly frames?: FrameLayout
  /** Token ids of the question, i64 [1, t], for methods that read it. */
  readonly question?: Tensor
  /** Of frames of a stream: what goes from one to the next. */
  readonly stream?: Carrying
}

/**
 * The second half of `see`: what becomes of the tokens of all views together, [v, m, d] -> [v, m', d], or one run
 * [1, s, d] where the family packs them.
 */
export function gatherViews<Tokens extends GatheredTokens>(
  p: Scope,
  architecture: Architecture,
  method: Method,
  tokens: Tokens,
  { packing, frames, question, stream }: GatherOptions = {},
): Tokens {
  const log = reachLog(method, 'picture')
  const words: Site['words'] = new Map()
  const embed = (ids: Tensor) => architecture.language.embed(p, ids)
  const at: Site = { p: p.at('method'), architecture, memory: {}, words, question, embed, stream, reached: log.reached }
  const packed = { ...(packing ? packTokens(tokens, packing, architecture.vision.separator!(p)) : tokens), frames }
  const gathered = { ...packed, ...method.see?.tokens?.(packed, at) }
  log.assertAll()
  return gathered
}
