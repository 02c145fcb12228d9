import { z } from 'zod'
import type { Grid } from '../../models/vision-side.ts'
import { keepPatches } from '../../pipeline/method/choose.ts'
import { leadingTokens, patchCount } from '../../pipeline/method/encoder-signals.ts'
import { placed, placedAs } from '../../pipeline/method/ids.ts'
import { methodError } from '../../pipeline/method/method-error.ts'
import { gatherRows, rowNumbers } from '../../pipeline/method/rows.ts'
import { unit } from '../../pipeline/method/similarity.ts'
import { regroup, scatterPlaces, type VisualTokens } from '../../pipeline/method/visual-tokens.ts'
import {
  add,
  arange,
  concat,
  constant,
  countOf,
  div,
  expand,
  gather,
  mean,
  reshape,
  slice,
  sortAscending,
  square,
  sub,
  sum,
  type Tensor,
  topK,
} from '../../tensor/index.ts'
import { idsOption, keepSomeOption } from '../options.ts'
import { paper } from '../paper.ts'

/**
 * Multi-Stage Vision Token Dropping: Towards Efficient Multimodal Large Language Model
 * 2024. https://arxiv.org/abs/2411.10803
 */
export const mustdrop = paper({
  id: 'mustdrop',
  name: 'MustDrop',
  title: 'Multi-Stage Vision Token Dropping: Towards Efficient Multimodal Large Language Model',
  role: 'algorithm',
  arxiv: '2411.10803',
  url: 'https://arxiv.org/abs/2411.10803',
  code: 'https://github.com/liuting20/MustDrop',
  date: '2024-11',
  kind: ['reducer'],
  summary:
    'Neighbouring patches of a plain background say the same. The grid of the vision encoder is cut into small windows, ' +
    'and the windows whose patches are most alike become one token each, the others stay. Where nothing is alike, detail ' +
    'is kept; no attention, no question, no training.',
  equation: String.raw`
    \ell_w = \mathrm{mean}_{i \ne j \in w}\, \cos(x_i, x_j),\qquad r = \left\lceil \frac{n - k}{W - 1} \right\rceil
    \text{the } r \text{ windows of largest } \ell \text{ become } \bar{x}_w \text{ each}
  `,
  where:
    'The stage in the vision encoder, as LLMC+ has it: the grid is cut into windows of W patches, and r is the ' +
    'fewest windows that leave no more than the k tokens asked for. Merged windows come first, most alike first, ' +
    'then the other patches in raster order.',
  differs: [
    'A merged window stands where its last patch stood.',
    'Windows are `window` patches a side; by default 3 x 3 as in LLMC+, where these fill the grid and can reach ' +
      'what was asked for, else the smallest whole parts of it that do.',
    'What a given window cannot reach is refused, and so is one that does not divide the grid.',
    'The guard of key tokens and the later stages of the paper are not in LLMC+ and not here; a threshold in ' +
      'place of a count is not here either.',
    'Each view has a budget of its own.',
  ],
  places: ['see.patches'],
  options: z.object({
    keep: keepSomeOption(0.2222),
    window: z
      .int()
      .min(2)
      .optional()
      .describe('side of a window in patches; 3 where that does, else what reaches the share, when absent'),
    ids: idsOption('pack'),
  }),
  method: ({ window, ...how }) => ({
    see: {
      patches: (tokens) => {
        const leading = leadingTokens(tokens, 'mustdrop')
        const [n, total] = [patchCount(tokens), countOf(leading + patchCount(tokens), how.keep)]
        if (total <= leading || total >= leading + n)
          return keepPatches(tokens, { ...how, by: 'mustdrop' }, (k) => slice(rowNumbers(tokens.states), 1, 0, k))
        const windows = windowsOf(tokens.vision.grid, window ?? sidesFor(tokens.vision.grid, (total - leading) / n))
        return merged(placed(tokens, how.ids), windows, total - leading, leading)
      },
    },
  }),
})

/** Patches of each window, row by row, and where windows lie: each in raster order. */
type Windows = readonly (readonly number[])[]

/** Rows and columns of windows that can leave a share of the patches: 3 x 3, else the smallest squares, else parts. */
function sidesFor({ rows, columns }: Grid, share: number): readonly [number, number] {
  const divisors = (n: number) => Array.from({ length: n }, (_, at) => at + 1).filter((side) => n % side === 0)
  const pairs = divisors(rows).flatMap((row) => divisors(columns).map((column) => [row, column] as const))
  const size = ([row, column]: readonly [number, number]) => row * column
  const shape = ([row, column]: readonly [number, number]) => Math.abs(row - column)
  const fitting = pairs.filter((pair) => 1 / size(pair) <= share + 1e-9)
  const isOblong = (pair: readonly [number, number]) => Number(shape(pair) > 0)
  const smallest = fitting.sort((a, b) => isOblong(a) - isOblong(b) || size(a) - size(b) || shape(a) - shape(b))[0]
  return fitting.find(([row, column]) => row === 3 && column === 3) ?? smallest
}

function windowsOf({ rows, columns }: Grid, sides: number | readonly [number, number]): Windows {
  const [tall, wide] = typeof sides === 'number' ? [sides, sides] : sides
  if (rows % tall || columns % wide)
    throw methodError(
      `mustdrop: windows of ${tall} x ${wide} do not fill ${rows} x ${columns} patches; leave the option window out`,
    )
  const [down, across] = [rows / tall, columns / wide]
  return Array.from({ length: down * across }, (_, window) => {
    const [top, left] = [Math.floor(window / across) * tall, (window % across) * wide]
    return Array.from({ length: tall * wide }, (_, at) => (top + Math.floor(at / wide)) * columns + left + (at % wide))
  })
}

/** The r windows that are most alike become one token each. */
function merged(tokens: VisualTokens, windows: Windows, count: number, leading: number): VisualTokens {
  const [W, n] = [windows[0].length, windows.length * windows[0].length]
  const r = Math.ceil((n - count) / (W - 1))
  if (r > windows.length)
    throw methodError(
      `mustdrop: windows of ${W} patches leave ${windows.length} tokens at least, not ${count}; use a larger window`,
    )
  const [batch, , width] = tokens.states.shape
  const table = constant(windows.flat(), [windows.length, W], 'i64')
  const x = gather(
    tokens.states,
    constant(
      windows.flat().map((patch) => patch + leading),
      [n],
      'i64',
    ),
    1,
  )
  const grouped = reshape(x, [batch, windows.length, W, width])
  const order = topK(likeness(grouped), windows.length)
  const [chosen, others] = [slice(order, 1, 0, r), sortAscending(slice(order, 1, r))]
  const patchesOf = (which: Tensor, many: number) => reshape(gather(table, which, 0), [batch, many * W])
  const gone = patchesOf(chosen, r)
  const rest = sortAscending(patchesOf(others, windows.length - r))
  const first = expand(reshape(arange(leading), [1, leading]), [batch, leading])
  const row = (size: number, of: (at: number) => number) =>
    expand(
      constant(
        Array.from({ length: size }, (_, at) => of(at)),
        [1, size],
        'i64',
      ),
      [batch, size],
    )
  const keptRows = concat([first, add(rest, leading)], 1)
  const kept = gatherRows(tokens.states, keptRows)
  const means = gatherRows(mean(grouped, 2), chosen)
  const states = concat([slice(kept, 1, 0, leading), means, slice(kept, 1, leading)], 1)
  const old = concat([first, add(gone, leading), add(rest, leading)], 1)
  const now = row(leading + n, (at) =>
    at < leading ? at : at < leading + r * W ? leading + Math.floor((at - leading) / W) : at - r * (W - 1),
  )
  const last = reshape(slice(reshape(gone, [batch, r, W]), 2, W - 1), [batch, r])
  const stand = concat([first, add(last, leading), add(rest, leading)], 1)
  return placedAs(regroup(tokens, states, scatterPlaces(leading + n, old, now), 'mustdrop'), tokens, stand)
}

/** Mean cosine of all pairs within each window: x [b, w, W, d] -> [b, w]. */
function likeness(x: Tensor): Tensor {
  const W = x.shape[2] as number
  const rows = unit(x)
  const all = sum(square(sum(rows, 2)), 2) // every pair, each row with itself too
  return div(sub(all, sum(square(rows), [2, 3])), W * (W - 1))
}
