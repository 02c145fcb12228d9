/** How the detector learns: which cells stand for which boxes (SimOTA), and what they should have said. */
import {
  add,
  and,
  arange,
  argmax,
  argsort,
  cast,
  constant,
  div,
  equal,
  exp,
  fixedDim,
  floor,
  greater,
  less,
  log,
  max,
  maximum,
  minimum,
  mul,
  neg,
  reshape,
  select,
  slice,
  softplus,
  square,
  stopGradient,
  sub,
  sum,
  type Tensor,
  takeAlong,
  topK,
} from '../../../tensor/index.ts'

/** What the boxes of maps are, m maps of up to G boxes over n cells; lengths are in cells. */
export interface Truths {
  /** Left, top, right, bottom, [m, G, 4]. */
  readonly boxes: Tensor
  /** 1 for boxes that are there, 0 for what fills a map up, [m, G]. */
  readonly real: Tensor
  /** 1 where the centre of a cell is near that of a box: [m, G, n]. */
  readonly zone: Tensor
}

/** Best overlaps that decide how many cells a box gets. */
const BEST = 10

/**
 * SimOTA (YOLOX, arXiv 2107.08430, section 2.1): of the cells in the zone of any box each box takes the cheapest, as many as
 * its best ten IoUs sum up to, at least one; a cell that several take is the cheapest one's. `ious` and the result are
 * [m, G, n], 1 where a cell stands for a box.
 */
export function assigned(ious: Tensor, { real, zone }: Pick<Truths, 'real' | 'zone'>): Tensor {
  const [maps, boxes, _cells] = ious.shape
  const isCandidate = max(zone, 1, true) // [m, 1, n]
  const overlaps = mul(ious, isCandidate)
  const best = takeAlong(overlaps, topK(overlaps, Math.min(BEST, fixedDim('covlm', ious, 2))))
  const k = maximum(floor(sum(best, -1, true)), 1)
  const outside = add(mul(sub(1, zone), FAR), mul(sub(1, isCandidate), NEVER))
  const cost = add(mul(log(add(overlaps, 1e-8)), -3), outside)
  const ranks = cast(argsort(argsort(cost)), 'f32')
  const isTaken = and(and(less(ranks, k), greater(isCandidate, 0)), greater(reshape(real, [maps, boxes, 1]), 0))
  const cheapest = argmax(neg(select(isTaken, cost, 2 * NEVER)), 1, true) // [m, 1, n]
  const numbers = reshape(arange(boxes), [1, boxes, 1])
  return cast(and(isTaken, equal(numbers, cheapest)), 'f32')
}

/** What a cell outside of a box's own zone costs, and one that may stand for no box. */
const [FAR, NEVER] = [1e6, 1e9]

/** Boxes that cells say, [m, n, 5] -> [m, n, 4] in cells: centre (tx + gx, ty + gy), size (e^tw, e^th). */
export function saidBoxes(said: Tensor, grid: number): Tensor[] {
  const [maps, cells] = said.shape
  const column = (at: number) => reshape(slice(said, 2, at, at + 1), [maps, cells])
  const places = Array.from({ length: grid * grid }, (_, cell) => cell)
  const along = (of: (cell: number) => number) => constant(places.map(of), [1, grid * grid])
  const [cx, cy] = [
    add(
      column(0),
      along((cell) => cell % grid),
    ),
    add(
      column(1),
      along((cell) => Math.floor(cell / grid)),
    ),
  ]
  const [w, h] = [mul(exp(column(2)), 0.5), mul(exp(column(3)), 0.5)]
  return [sub(cx, w), sub(cy, h), add(cx, w), add(cy, h)]
}

/** IoU of what each cell says with each box, [m, G, n]. */
export function overlapsOf(said: readonly Tensor[], boxes: Tensor): Tensor {
  const [maps, _count] = boxes.shape
  const cells = said[0].shape[1]
  const own = said.map((side) => reshape(side, [maps, 1, cells]))
  const truth = [0, 1, 2, 3].map((at) => slice(boxes, 2, at, at + 1)) // [m, G, 1]
  const side = (low: number, high: number) =>
    maximum(sub(minimum(own[high], truth[high]), maximum(own[low], truth[low])), 0)
  const both = mul(side(0, 2), side(1, 3))
  const area = ([left, top, right, bottom]: readonly Tensor[]) => mul(sub(right, left), sub(bottom, top))
  return div(both, maximum(sub(add(area(own), area(truth)), both), 1e-9))
}

/**
 * 5 sum over matched cells of (1 - IoU^2) / n + sum over all cells of BCE(objectness) / n, with n matched cells, over those
 * maps that `counts` [m] names 1.
 */
export function detectionLoss(said: Tensor, truths: Truths, grid: number, counts: Tensor): Tensor {
  const [maps, cells] = said.shape
  const ious = overlapsOf(saidBoxes(said, grid), truths.boxes)
  const matched = mul(stopGradient(assigned(stopGradient(ious), truths)), reshape(counts, [maps, 1, 1]))
  const n = maximum(sum(matched), 1)
  const regression = sum(mul(matched, sub(1, square(ious))))
  const objectness = reshape(slice(said, 2, 4, 5), [maps, cells])
  const wanted = sum(matched, 1)
  const doubt = sub(softplus(objectness), mul(objectness, wanted))
  return div(add(mul(regression, 5), sum(mul(doubt, reshape(counts, [maps, 1])))), n)
}
