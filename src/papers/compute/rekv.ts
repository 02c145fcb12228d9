import { z } from 'zod'
import type { Asked, RowStore } from '../../models/language/sequence.ts'
import { methodError } from '../../pipeline/method/method-error.ts'
import {
  add,
  addDim,
  arange,
  concat,
  constant,
  cumsum,
  type Dim,
  dimValue,
  equal,
  fixedDim,
  gather,
  greaterEqual,
  max,
  mean,
  mul,
  mulDim,
  not,
  reshape,
  select,
  slice,
  sortAscending,
  sub,
  subDim,
  sum,
  type Tensor,
  topK,
} from '../../tensor/index.ts'
import { paper } from '../paper.ts'

/**
 * Streaming Video Question-Answering with In-context Video KV-Cache Retrieval
 * Di et al. 2025, ICLR 2025. https://arxiv.org/abs/2503.00540
 */
export const rekv = paper({
  id: 'rekv',
  name: 'ReKV',
  title: 'Streaming Video Question-Answering with In-context Video KV-Cache Retrieval',
  role: 'algorithm',
  arxiv: '2503.00540',
  url: 'https://arxiv.org/abs/2503.00540',
  code: 'https://github.com/Becomebright/ReKV',
  date: '2025-03',
  venue: 'ICLR 2025',
  kind: ['compute', 'position'],
  summary:
    'A stream is read once, frame by frame, under a sliding window, and the keys and values of all frames are kept, the ' +
    'keys before rotation. A question then fetches, in each layer by itself, the few frames whose mean key fits its mean ' +
    'query best, and is answered on those alone. Needs no training.',
  equation: String.raw`s_b = \big\langle \mathrm{mean}(q_{\text{question}}),\ \mathrm{mean}(k_{\text{frame } b}) \big\rangle,\qquad \text{each layer takes: } \mathrm{top}_{\texttt{frames}}\, s`,
  where:
    'Neither queries nor keys are rotated or normalised. The frames that a layer takes stand in order of time, ' +
    'and it looks at [prompt, frames, question] at positions 0, 1, 2, ... A frame itself looks at the last ' +
    '`local` tokens; where the stream is longer, at what stands before all frames as if it were local - 1 tokens ' +
    'away, in the same softmax.',
  differs: [
    'Where positions have several axes, which the paper leaves open, a frame moves as a whole: its tokens keep ' +
      'their rows and columns, and time goes on from frame to frame taken.',
  ],
  places: ['read.attention', 'read.heads', 'stream'],
  options: z.object({
    local: z.int().min(2).default(15000).describe('tokens that a frame looks back over'),
    frames: z.int().min(1).default(64).describe('frames that a question takes in each layer'),
  }),
  method: ({ local, frames }) => ({
    needs: { store: { local, frames } },
    read: {
      attention: (asked, next) => next(asked.past?.store ? looking(asked, asked.past.store, local) : asked),
      heads: {
        retrieved: ({ layers }) =>
          concat([reshape(arange(0), [0]), ...layers.flatMap((layer) => layer.past?.store?.taken ?? [])], 0),
      },
    },
  }),
})

/** What a layer looks at: the rows that the run names, then the frames that fit best, all at fresh positions. */
function looking(asked: Asked, store: RowStore, local: number): Asked {
  const { past, q, input, isRotary } = asked
  if (!isRotary) throw methodError('rekv counts rotary positions anew, this model has another kind; use another model')
  const { blocks, sinks } = store
  const taken = nearest(q, store)
  const [count, size] = [taken.shape[0], blocks.within.shape[0]]
  const rows = reshape(add(reshape(taken, [count, 1]), reshape(blocks.within, [1, size])), [mulDim(count, size)])
  const keys = concat([past!.keys, gather(store.keys, rows)], 0)
  const values = concat([past!.values, gather(store.values, rows)], 0)
  const far = { keys: gather(store.keys, sinks), values: gather(store.values, sinks), distance: local - 1 }
  const [before, length] = [keys.shape[0], q.shape[1]]
  const taking = (written: Tensor) => reshape(gather(written, rows), [1, rows.shape[0], ...written.shape.slice(1)])
  const all = together(concat([past!.positions!, taking(store.positions), asked.positions ?? input.positions], 1))
  const seen = { keys, values, positions: slice(all, 1, 0, before), far, store: { ...store, taken } }
  return { ...asked, past: seen, positions: slice(all, 1, before), mask: within(local, before, length) }
}

/**
 * Positions [1, n] or [1, n, axes] counted anew from 0, without what lies between rows that do not follow each other. A
 * frame in a grid (M-RoPE) keeps its rows and columns; what comes after it stands behind its last place on any axis, as it
 * did when it was read.
 */
export function together(written: Tensor): Tensor {
  const [, count, axes = 1] = written.shape
  const places = reshape(written, [1, count, axes])
  const start = reshape(slice(places, 2, 0, 1), [1, count]) // of all tokens of a frame
  const end = add(max(places, 2), 1)
  const before = (x: Tensor) => slice(x, 1, 0, subDim(count, 1))
  const isNext = not(equal(slice(start, 1, 1), before(start)))
  const steps = select(isNext, sub(before(end), before(start)), 0)
  const anew = concat([mul(slice(start, 1, 0, 1), 0), cumsum(steps, 1)], 1)
  return reshape(add(places, reshape(sub(anew, start), [1, count, 1])), written.shape)
}

/** First rows of the frames of largest s_b, in order of time: i64 [take]. */
function nearest(q: Tensor, { keys, blocks }: RowStore): Tensor {
  const { first, within: rows, take } = blocks
  const [, heads, width] = keys.shape as [Dim, number, number]
  const [count, size] = [first.shape[0], rows.shape[0]]
  const every = reshape(add(reshape(first, [count, 1]), reshape(rows, [1, size])), [mulDim(count, size)])
  const means = mean(reshape(gather(keys, every), [count, size, heads, width]), 1) // [blocks, hk, d]
  // The heads that share keys all count: their queries add up.
  const asked = mean(reshape(q, [q.shape[1], heads, fixedDim('rekv', q, 2) / heads / width, width]), 0)
  const scores = sum(sum(mul(means, reshape(sum(asked, 1), [1, heads, width])), 2), 1)
  const best = sortAscending(topK(reshape(scores, [1, count]), take.shape[0])) // [1, take]
  return gather(first, add(reshape(best, take.shape), take))
}

/** Hides what lies `local` tokens back or more: [1, 1, s, past + s]. */
function within(local: number, before: Dim, length: Dim): Tensor {
  const key = arange(addDim(before, length))
  const query = add(arange(length), dimValue(before))
  const distance = sub(reshape(query, [length, 1]), reshape(key, [1, key.shape[0]]))
  const hidden = select(greaterEqual(distance, local), constant([-1e9], []), constant([0], []))
  return reshape(hidden, [1, 1, length, key.shape[0]])
}
