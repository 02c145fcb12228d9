import { z } from 'zod'
import { methodError } from '../../pipeline/method/method-error.ts'
import type { PlacedSlot, Placement, Span } from '../../pipeline/method/placement.ts'
import { paper } from '../paper.ts'

/**
 * V2PE: Improving Multimodal Long-Context Capability of Vision-Language Models with Variable Visual Position Encoding
 * Ge et al. 2024, ICCV 2025. https://arxiv.org/abs/2412.09616
 *
 * p_j = p_{j-1} + 1 for text, p_{j-1} + delta for visual tokens (section 3.2); text after an image stands at
 * ceil(p_last) + 1. delta is 1, 1/2, ... or 1/256 in the paper, s / 256 with s positions for each tile of 256 tokens.
 *
 * Decided here: positions are taken as p + delta * i, never summed up; an image before all text begins at delta - 1. Where positions have several axes (M-RoPE, which
 * the paper leaves open), the grid of a view shrinks by delta on each. Tokens that were dropped before the language model
 * take no positions under `delta`; with `stride` a view takes as many as before, whatever is left of it. Tokens that are
 * dropped in the language model leave the positions of the others alone. Dynamic scaling of rotary frequencies is the
 * model's own affair: it reads the length in positions.
 */
export const v2pe = paper({
  id: 'v2pe',
  name: 'V2PE',
  title:
    'V2PE: Improving Multimodal Long-Context Capability of Vision-Language Models with Variable Visual Position Encoding',
  arxiv: '2412.09616',
  url: 'https://arxiv.org/abs/2412.09616',
  code: 'https://github.com/OpenGVLab/V2PE',
  date: '2024-12',
  venue: 'ICCV 2025',
  kind: ['position', 'training'],
  summary:
    'Each image token moves the position index on by one, so images use up the trained context. Here only text ' +
    'moves it by one and visual tokens by a fraction, drawn between 1 and 1/256 during training and chosen at ' +
    'test time so that the last position stays in range. A 2B model then handles up to a million tokens and far ' +
    'longer multimodal documents.',
  places: ['read.positions', 'training'],
  options: z.object({
    delta: z.number().gt(0).max(1).default(0.25).describe('what a visual token advances the position by'),
    stride: z.number().positive().optional().describe('s: positions that each view takes in all, instead of delta'),
  }),
  method: ({ delta, stride }) => ({
    read: {
      positions: (own) => variablePositions(own, (view) => (stride === undefined ? delta : perToken(stride, view))),
    },
  }),
})

/** s / N for a view of N steps. */
function perToken(stride: number, { start, end }: Span): number {
  if (stride <= end - start) return stride / (end - start)
  const message = `v2pe: a stride of ${stride} is more than the ${end - start} steps of a view; visual tokens advance by at most 1`
  throw methodError(message)
}

/** What rounding may add to a position that is whole. */
const ROUNDING = 1e-9

/**
 * The position rule, with a delta for each view (training draws one for each image). Throws FoveaError `method_unfit`
 * where single precision does not tell neighbouring tokens apart.
 */
export function variablePositions(own: Placement, deltaOf: (span: Span, view: number) => number): Placement {
  /** Position of the last token, and of the last before the view that it is of. */
  let [last, before, inView] = [own.start - 1, 0, -1]
  const place = ({ kind, view, place }: PlacedSlot): readonly number[] => {
    if (kind === 'text') {
      last = Math.ceil(last - ROUNDING) + 1
      return place.map(() => last)
    }
    const span = own.views[view]
    const delta = deltaOf(span, view)
    if (view !== inView) {
      ;[before, inView] = [last, view]
      last = before + (span.end - span.start) * delta
      assertApart(last, delta)
    }
    return place.map((at) => before + (at - span.start + 1) * delta)
  }
  const slots = own.slots.map((slot): PlacedSlot => ({ ...slot, place: place(slot) }))
  return { ...own, slots, end: Math.ceil(last - ROUNDING) + 1 }
}

function assertApart(position: number, delta: number): void {
  if (Math.fround(position) - Math.fround(position - delta) > delta / 2) return
  const message = `v2pe: single precision does not tell positions near ${Math.floor(position)} apart that are ${delta} from each other; use a larger delta`
  throw methodError(message)
}
