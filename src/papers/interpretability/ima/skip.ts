import { z } from 'zod'
import type { LayerSite, PartSite, PlaceFunctions } from '../../../pipeline/method/method.ts'
import { methodError } from '../../../pipeline/method/method-error.ts'
import { gatherRows, writeRows } from '../../../pipeline/method/rows.ts'
import { keepVisual, putBack, type Sequence } from '../../../pipeline/method/sequence.ts'
import { mul, slice, type Tensor } from '../../../tensor/index.ts'

export const skipOptions = z.object({
  part: z
    .enum(['feed-forward', 'attention', 'block'])
    .default('feed-forward')
    .describe('what is left out: a branch of the layer, or the whole of it'),
  tokens: z
    .enum(['visual', 'text', 'all'])
    .default('visual')
    .describe('which tokens go without it; a block is left out for visual ones or for all'),
  start: z.int().default(0).describe('layers behind this one, counted from 0, may be active'),
  end: z
    .int()
    .default(-1)
    .describe('layers before this one may be active; below 0 counted from the end: -1 is the last'),
  interval: z.int().min(1).default(2).describe('of those, layers whose number is a multiple of it are active'),
})

export type SkipOptions = z.output<typeof skipOptions>

/** Layers that leave a part out: `start < i < end` and `i mod interval = 0`. The first one never does. */
export function activeLayers({ start, end, interval }: Omit<SkipOptions, 'part' | 'tokens'>, count: number): number[] {
  const last = end < 0 ? count + end : end
  return Array.from({ length: count }, (_, i) => i).filter((i) => i > 0 && i > start && i < last && i % interval === 0)
}

/** The tokens pass the active layers without what is left out there: their state stays, x instead of x + f(x). */
export function skip(options: SkipOptions): PlaceFunctions {
  const { part, tokens } = options
  if (part === 'block' && tokens === 'text')
    throw methodError(
      'ima: a block is left out for visual tokens or for all, not for text alone; take part=feed-forward',
    )
  const isActive = ({ layer, architecture }: LayerSite) =>
    activeLayers(options, architecture.language.layers).includes(layer)
  const computed = ({ visual, text }: Sequence): Tensor | undefined =>
    ({ visual: text, text: visual, all: undefined })[tokens]
  if (part === 'block')
    return { read: { layer: (seq, next, at) => (isActive(at) ? skipBlock(seq, next, tokens) : next(seq)) } }
  if (part === 'attention')
    return {
      read: {
        attention: (asked, next, at) => (isActive(at) ? onlyRows(next(asked), computed(at.input)) : next(asked)),
      },
    }
  return {
    read: { feedForward: (x, next, at) => (isActive(at) ? feedRows(x, next, at, computed) : next(x)) },
  }
}

/** Skipped rows have no keys in this layer, so nothing sees them there, then or later. */
function skipBlock(seq: Sequence, next: (seq: Sequence) => Sequence, tokens: SkipOptions['tokens']): Sequence {
  if (tokens === 'all') return seq
  const none = slice(seq.visual, 1, 0, 0)
  return putBack(seq, none, next(keepVisual(seq, none, 'ima')))
}

/** Zeros but for some rows (i64 [b, k]); zeros alone without them. */
function onlyRows(x: Tensor, rows: Tensor | undefined): Tensor {
  const zeros = mul(x, 0)
  return rows ? writeRows(zeros, rows, gatherRows(x, rows)) : zeros
}

/** What is computed for some rows only, and costs as much. */
function feedRows(
  x: Tensor,
  next: (x: Tensor) => Tensor,
  { input }: PartSite,
  computed: (input: Sequence) => Tensor | undefined,
): Tensor {
  const rows = computed(input)
  const zeros = mul(x, 0)
  return rows ? writeRows(zeros, rows, next(gatherRows(x, rows))) : zeros
}
