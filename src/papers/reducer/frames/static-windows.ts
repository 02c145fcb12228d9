import {
  add,
  argmax,
  cast,
  concat,
  constant,
  cumsum,
  fixedDim,
  gather,
  greater,
  max,
  mul,
  pad,
  reshape,
  scatterAdd,
  slice,
  sub,
  sum,
  type Tensor,
} from '../../../tensor/index.ts'

/** Windows of frames that follow each other and hold all of them. */
export interface Windows {
  /** The number of the window of each frame, i64 [t]. */
  readonly numbers: Tensor
  /** Tokens that taking the means of what is static in them saves, f32 [1]. */
  readonly reduced: Tensor
}

/**
 * The windows that make most tokens redundant. A window s .. e saves G(s, e) = (e - s) #{l : place l is alike from each frame to
 * the next in s .. e - 1}; dp[i] = max(dp[i - 1], max over w = 2 .. most of dp[i - w] + G(i - w + 1, i)), where the first of
 * equally good ones is taken, one frame alone before shorter and longer windows.
 * @param alike 1 where a place is alike in a frame and the next, f32 [t, n]; of the last frame it means nothing
 */
export function staticWindows(alike: Tensor, most: number): Windows {
  const t = fixedDim('windows', alike, 0)
  const gains = gainsOf(alike, Math.min(most, t))
  let past = constant([0], [1]) // dp[i - 1], dp[i - 2], ..., 0
  const sizes: Tensor[] = []
  for (let i = 0; i < t; i++) {
    const widths = Math.min(i + 1, most)
    const own = reshape(slice(slice(gains, 1, i, i + 1), 0, 0, widths), [widths])
    const candidates = add(slice(past, 0, 0, widths), own) // windows of 1, 2, ... frames that end at i
    sizes.push(add(reshape(argmax(candidates, 0), [1]), 1))
    past = concat([reshape(max(candidates), [1]), past], 0)
  }
  return { numbers: numbersOf(concat(sizes, 0)), reduced: slice(past, 0, 0, 1) }
}

/** G of the window of each size, from 1 on, that ends at each frame; 0 where it does not fit: [w, t]. */
function gainsOf(alike: Tensor, most: number): Tensor {
  const t = fixedDim('windows', alike, 0)
  const rows = [constant(new Float32Array(t), [1, t])]
  let still = alike // [t - w + 1, n]: alike over the w - 1 steps from each frame
  for (let size = 2; size <= most; size++) {
    const from = slice(still, 0, 0, t - size + 1)
    still = size > 2 ? mul(from, slice(alike, 0, size - 2, t - 1)) : from
    rows.push(pad(mul(reshape(sum(still, 1), [1, t - size + 1]), size - 1), 1, size - 1, 0))
  }
  return concat(rows, 0)
}

/** From the size of the best window that ends at each frame, the number of the window that each is in, i64 [t]. */
function numbersOf(sizes: Tensor): Tensor {
  const t = fixedDim('windows', sizes, 0)
  const back = sub(constant(Array.from({ length: t + 1 }, (_, end) => end), [t + 1], 'i64'), pad(sizes, 0, 1, 0)) // biome-ignore format: one step
  let end = constant([t], [1], 'i64')
  const starts: Tensor[] = []
  for (let step = 0; step < t; step++) {
    end = gather(back, end)
    starts.push(end)
  }
  // Behind the last window every start is 0 again: what counts is whether there is any.
  const isStart = greater(scatterAdd([t], concat(starts, 0), constant(Array(t).fill(1), [t], 'i64'), 0), 0)
  return sub(cumsum(cast(isStart, 'i64'), 0), 1)
}
