import { z } from 'zod'
import { methodError } from '../../pipeline/method/method-error.ts'
import type { PlacedSlot, Placement, Span } from '../../pipeline/method/placement.ts'
import { viewPositions } from '../../pipeline/talk/positions.ts'
import { f32 } from '../../runtime/index.ts'
import { dialogueStage } from '../../training/dialogue-stage.ts'
import { optionalLoraRank, tuned } from '../../training/lora.ts'
import type { ImagePlace } from '../../training/world-dialogues.ts'
import { Rng } from '../../world/rng.ts'
import { paper } from '../paper.ts'

/**
 * V2PE: Improving Multimodal Long-Context Capability of Vision-Language Models with Variable Visual Position Encoding
 * Ge et al. 2024, ICCV 2025. https://arxiv.org/abs/2412.09616
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
  equation: String.raw`p_j = p_{j-1} + \begin{cases} 1 & \text{text} \\ \delta & \text{visual token} \end{cases},\qquad \text{text after an image: } \lceil p_{\text{last}} \rceil + 1`,
  where:
    'Section 3.2. delta is 1, 1/2, ... or 1/256 in the paper, s / 256 with s positions for each tile of 256 tokens.',
  differs: [
    'Positions are taken as p + delta i, never summed up; an image before all text begins at delta - 1.',
    'Where positions have several axes (M-RoPE, which the paper leaves open), the grid of a view shrinks by ' +
      'delta on each.',
    'Tokens that were dropped before the language model take no positions under `delta`; with `stride` a view ' +
      'takes as many as before, whatever is left of it.',
    'Tokens that are dropped in the language model leave the positions of the others alone.',
    'Dynamic scaling of rotary frequencies is the affair of the model: it reads the length in positions.',
    'The recipe draws delta for each image, and trains the language model, which the paper trains as a whole ' +
      'with its encoder, by LoRA, on one picture a sequence; its long documents of many pictures are not built.',
  ],
  places: ['read.positions', 'training'],
  options: z.object({
    delta: z.number().gt(0).max(1).default(0.25).describe('what a visual token advances the position by'),
    stride: z.number().positive().optional().describe('s: positions that each view takes in all, instead of delta'),
    lora: optionalLoraRank,
  }),
  method: ({ delta, stride, lora }) => ({
    ...(lora === 0 && { needs: { untrained: true } }),
    read: {
      positions: (own) => variablePositions(own, (view) => (stride === undefined ? delta : perToken(stride, view))),
      ...tuned(lora),
    },
  }),
  recipe: ({ lora: asked }) => {
    const lora = asked || RANK
    return {
      options: { lora },
      stages: [
        dialogueStage({
          name: 'tune',
          steps: 300,
          rate: 1e-3,
          method: { name: 'v2pe', read: tuned(lora) },
          place: ({ step, at, slots }, { seed }) => placedView(slots, drawnDelta(seed, step, at)),
        }),
      ],
    }
  },
})

/** Of the pairs that the recipe trains, where none is asked for. */
const RANK = 16

/** delta of an image in training: 1, 1/2, ..., 1/256, each as likely, drawn for every image of every step. */
export const drawnDelta = (seed: number, step: number, image: number): number =>
  2 ** -Rng.from(seed, 'v2pe', step, image).int(0, 8)

/** Where n visual tokens stand at the beginning of a prompt, and the text behind them. */
function placedView(n: number, delta: number): ImagePlace {
  const owner = [...Array(n).keys()]
  const view = { owner, grid: { rows: 1, columns: n }, embeds: f32([n, 0], new Float32Array(0)) }
  const { slots, end } = viewPositions(view, 0, 0)
  const placed = variablePositions({ slots, start: 0, end, views: [{ start: 0, end }] }, () => delta)
  return { opening: placed.slots.map(({ place: [position] }) => position), text: placed.end }
}

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
