import { receivedAttention } from '../../../pipeline/method/encoder-signals.ts'
import {
  type Frames,
  framesOf,
  type LeftOfFrames,
  leaveOfFrames,
  signalOfFrames,
} from '../../../pipeline/method/frames.ts'
import type { Ids } from '../../../pipeline/method/ids.ts'
import type { SeeSide } from '../../../pipeline/method/method.ts'
import { assertPatches, noteSignal, signalOf } from '../../../pipeline/method/visual-tokens.ts'
import type { Tensor } from '../../../tensor/index.ts'

const ATTENTION = 'attention'

/**
 * What is left of frames by the attention that the last layer of the encoder pays each token, [f, n]. Pictures that are no
 * video are left as they are.
 */
export const byAttention = (
  by: string,
  ids: Ids,
  choose: (frames: Frames, attention: Tensor) => LeftOfFrames,
): SeeSide => ({
  patches: (tokens) => {
    assertPatches(tokens, by)
    return noteSignal(tokens, ATTENTION, receivedAttention(tokens, by))
  },
  tokens: (tokens) => {
    const frames = framesOf(tokens, by)
    if (!frames) return tokens
    const attention = signalOfFrames(frames, signalOf(tokens, ATTENTION, by))
    return leaveOfFrames(tokens, frames, choose(frames, attention), { by, ids })
  },
})
