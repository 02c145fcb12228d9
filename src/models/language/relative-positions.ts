import {
  add,
  cast,
  constant,
  gather,
  greater,
  maximum,
  minimum,
  mul,
  neg,
  reshape,
  sub,
  type Tensor,
  transpose,
} from '../../tensor/index.ts'

export interface RelativePositions {
  /** One learnt number per bucket and head. */
  readonly buckets: number
  /** From here on all distances share the last bucket. */
  readonly maxDistance: number
  /** Half of the buckets are for keys after the query; otherwise those share the bucket of distance 0. */
  readonly bothWays: boolean
}

/** The bucket of each distance from 0 to `maxDistance`: one each for the nearer half, then ever wider ones. */
export function distanceBuckets(buckets: number, maxDistance: number): number[] {
  const exact = Math.floor(buckets / 2)
  const spread = Math.fround(Math.log(maxDistance / exact))
  return Array.from({ length: maxDistance + 1 }, (_, distance) => {
    if (distance < exact) return distance
    // In the single precision of the reference: some distances fall right onto a border.
    const share = Math.fround(Math.fround(Math.log(Math.fround(distance / exact))) / spread)
    return Math.min(buckets - 1, exact + Math.trunc(Math.fround(share * (buckets - exact))))
  })
}

/**
 * What T5 (Raffel et al., arXiv 1910.10683, section 2.1) adds to the scores of attention: `table` [buckets, h], positions
 * of queries [1, s] and of keys [1, t] -> [1, h, s, t].
 */
export function relativeBias(
  table: Tensor,
  queries: Tensor,
  keys: Tensor,
  { buckets, maxDistance, bothWays }: RelativePositions,
): Tensor {
  const [length, keyLength, heads] = [queries.shape[1], keys.shape[1], table.shape[1]]
  const offsets = sub(reshape(keys, [1, keyLength]), reshape(queries, [length, 1])) // [s, t]
  const distances = maximum(neg(offsets), bothWays ? offsets : 0)
  const side = bothWays ? buckets / 2 : buckets
  const bucketOf = constant(distanceBuckets(side, maxDistance), [maxDistance + 1], 'i64')
  const near = gather(bucketOf, cast(minimum(distances, maxDistance), 'i64'))
  const chosen = bothWays ? add(near, mul(cast(greater(offsets, 0), 'i64'), side)) : near
  return reshape(transpose(gather(table, chosen), [2, 0, 1]), [1, heads, length, keyLength])
}
