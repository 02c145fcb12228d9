import { runsOf } from '../../../pipeline/method/groups.ts'
import {
  add,
  and,
  arange,
  cast,
  concat,
  constant,
  equal,
  fixedDim,
  greater,
  greaterEqual,
  less,
  max,
  min,
  mul,
  reshape,
  select,
  slice,
  sum,
  type Tensor,
  takeAlong,
} from '../../../tensor/index.ts'

/**
 * Labels of frames (i64 [t], from 0) in runs: of each label the longest run stays, or all that are as long, unless it is a
 * single frame; what lies between two runs joins the longer of them, the left one where they are equally long, and is 0 where
 * there is none.
 */
export function longestRuns(labels: Tensor): Tensor {
  const t = fixedDim('runs', labels, 0)
  const column = (x: Tensor) => reshape(x, [t, 1])
  const row = (x: Tensor) => reshape(x, [1, t])
  const sameRun = (x: Tensor) => equal(column(runsOf(row(x))), runsOf(row(x)))
  const lengths = sum(cast(sameRun(labels), 'i64'), 1) // of the run of each frame
  const longest = max(select(equal(column(labels), row(labels)), row(lengths), 0), 1)
  const stays = select(and(equal(lengths, longest), greater(lengths, 1)), labels, -1)
  return filled(stays, lengths)
}

/** The gaps, -1, from left to right: a gap that was filled makes the run to the left of the next longer. */
function filled(stays: Tensor, lengths: Tensor): Tensor {
  const t = fixedDim('runs', stays, 0)
  const at = (x: Tensor, frame: number) => slice(x, 0, frame, frame + 1)
  const [label, length] = rightOf(stays, lengths)
  const out: Tensor[] = []
  let run = constant([0], [1], 'i64') // how long the run is that ends before this frame
  for (let frame = 0; frame < t; frame++) {
    const left = out[frame - 1] ?? constant([0], [1], 'i64')
    const isGap = less(at(stays, frame), 0)
    const wasGap = frame === 0 ? undefined : less(at(stays, frame - 1), 0)
    const nearer = select(greater(at(length, frame), run), at(label, frame), left)
    const joined = wasGap ? select(wasGap, left, nearer) : nearer
    const own = select(isGap, joined, at(stays, frame))
    run = frame === 0 ? constant([1], [1], 'i64') : select(equal(own, left), add(run, 1), 1)
    out.push(own)
  }
  return concat(out, 0)
}

/** For each frame the next that stays, itself among them: its label, and how long its run is; 0 and 0 where there is none. */
function rightOf(stays: Tensor, lengths: Tensor): [label: Tensor, length: Tensor] {
  const t = fixedDim('runs', stays, 0)
  const [here, there] = [reshape(arange(t), [t, 1]), reshape(arange(t), [1, t])]
  const isNext = and(greaterEqual(there, here), greaterEqual(reshape(stays, [1, t]), 0))
  const next = min(select(isNext, add(mul(here, 0), there), t), 1) // t where there is none
  const isThere = less(next, t)
  const found = (x: Tensor) => select(isThere, takeAlong(concat([x, constant([0], [1], 'i64')], 0), next), 0)
  return [found(stays), found(lengths)]
}
