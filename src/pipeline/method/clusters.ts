/** Clusters around peaks of density (DPC-kNN): points that lie dense, and far from any that lie denser, are centres. */
import {
  add,
  and,
  arange,
  argsort,
  cast,
  constant,
  type Dim,
  dimValue,
  div,
  equal,
  exp,
  expand,
  fixedDim,
  greater,
  less,
  matmul,
  maximum,
  minDim,
  mul,
  neg,
  not,
  or,
  reshape,
  select,
  slice,
  sort,
  sqrt,
  square,
  sub,
  sum,
  type Tensor,
  transpose,
} from '../../tensor/index.ts'
import { largest, largestColumn } from './groups.ts'

/** Points in a batch of sets, of which each may count only some. */
export interface Points {
  /** [b, n, d] */
  readonly x: Tensor
  /** Those that count, bool [b, n]. */
  readonly isThere: Tensor
}

export interface Clusters {
  /** All points, the best centres first: those of the set are as many of them as were wanted; i64 [b, n]. */
  readonly order: Tensor
  /** bool [b, n] */
  readonly isCentre: Tensor
  /** The centre of each point, of one itself, i64 [b, n]; of points that do not count it means nothing. */
  readonly centre: Tensor
}

/** Above every distance that occurs, and finite. */
const FAR = 1e9

/** All of a set of points [b, n, d]. */
export function allOf(x: Tensor): Points {
  const [batch, n] = x.shape
  return { x, isThere: equal(expand(constant([1], [1, 1], 'i64'), [batch, n]), 1) }
}

/** |x_i - x_j| / sqrt(d), 0 from each point to itself without what rounding leaves there: [b, n, n]. */
export function distances(x: Tensor): Tensor {
  const n = x.shape[1]
  const squares = sum(square(x), -1, true)
  const apart = sub(add(squares, transpose(squares)), mul(matmul(x, transpose(x)), 2))
  const isSelf = equal(reshape(arange(n), [n, 1]), arange(n))
  return select(isSelf, 0, sqrt(maximum(div(apart, fixedDim('distances', x, 2)), 0)))
}

/** rho_i = exp(-mean of the squares of the k smallest distances, its own 0 among them); k i64 [b]: [b, n]. */
export function densities(apart: Tensor, most: Dim, k: Tensor): Tensor {
  const size = minDim(most, apart.shape[2])
  const nearest = slice(sort(apart), -1, 0, size)
  const wanted = reshape(k, [k.shape[0], 1, 1])
  const counts = cast(less(arange(size), wanted), 'f32')
  return exp(neg(div(sum(mul(square(nearest), counts), -1), reshape(cast(wanted, 'f32'), [k.shape[0], 1]))))
}

/** rho_i times the distance to the nearest point of larger rho; the first of equal points is the denser. [b, n] */
export function peaks(apart: Tensor, density: Tensor, isPair: Tensor): Tensor {
  const [batch, n] = density.shape
  const [own, other] = [reshape(density, [batch, n, 1]), reshape(density, [batch, 1, n])]
  const isBefore = less(reshape(arange(n), [1, n]), reshape(arange(n), [n, 1]))
  const isDenser = and(or(greater(other, own), and(equal(other, own), isBefore)), isPair)
  const farthest = largest(reshape(largest(select(isPair, apart, 0)), [batch, 1, n])) // [b, 1]
  return mul(neg(largest(neg(select(isDenser, apart, reshape(farthest, [batch, 1, 1]))))), density)
}

/**
 * DPC-kNN: `wanted` (i64 [b]) centres of each set, those of highest density times distance to a denser point; every other
 * point belongs to the centre nearest to it. Equal points are told apart by their order, not by noise. There may be no points.
 * @param k neighbours that the density is of, i64 [b], each at most `most` and no more than points that count
 */
export function densityPeaks({ x, isThere }: Points, wanted: Tensor, most: Dim, k: Tensor): Clusters {
  const [batch, n] = isThere.shape
  const isPair = and(reshape(isThere, [batch, n, 1]), reshape(isThere, [batch, 1, n]))
  const apart = distances(x)
  const score = peaks(apart, densities(select(isPair, apart, FAR), most, k), isPair)
  const order = argsort(select(isThere, score, -1), { descending: true })
  const isCentre = and(less(argsort(order), reshape(wanted, [batch, 1])), isThere)
  const toCentre = select(reshape(isCentre, [batch, 1, n]), neg(apart), -FAR)
  const nearest = largestColumn(toCentre)
  return { order, isCentre, centre: select(isCentre, add(mul(nearest, 0), arange(n)), nearest) }
}

/** What belongs to each centre: the sum of these points and their number, [b, n, d] and [b, n, 1]. */
export function gathered(
  { x, isThere }: Points,
  { centre }: Clusters,
): { readonly total: Tensor; readonly count: Tensor } {
  const [batch, n] = isThere.shape
  const isOf = and(equal(reshape(centre, [batch, 1, n]), reshape(arange(n), [n, 1])), reshape(isThere, [batch, 1, n]))
  const members = cast(isOf, 'f32') // [b, centre, point]
  return { total: matmul(members, x), count: sum(members, -1, true) }
}

/** The mean of each cluster where its centre is, [b, n, d]. */
export function clusterMeans(points: Points, clusters: Clusters): Tensor {
  const { total, count } = gathered(points, clusters)
  return div(total, maximum(count, 1))
}

/** beta centre + (1 - beta) mean of the other members, [b, n, d]; a centre alone stays as it is. */
export function pulledCentres(points: Points, clusters: Clusters, beta: number): Tensor {
  const others = { ...points, isThere: and(points.isThere, not(clusters.isCentre)) }
  const { total, count } = gathered(others, clusters)
  const pulled = add(mul(points.x, beta), mul(div(total, maximum(count, 1)), 1 - beta))
  return select(greater(count, 0), pulled, points.x)
}

/** i64 [b] of one number. */
export const forAll = (value: Dim, { isThere }: Points): Tensor => expand(dimValue(value), [isThere.shape[0]])
