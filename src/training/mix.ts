import { Rng } from '../world/rng.ts'

/** Batches by 0-based step. */
export type Stream<Batch> = (step: number) => Batch

/** A stream and how often it is drawn, relative to the others. */
export interface WeightedStream<Batch> {
  readonly stream: Stream<Batch>
  readonly weight: number
}

/**
 * One stream out of several: each step takes its batch from one of them, chosen by weight. Which one is a function of
 * (seed, step) alone, so a resumed run goes on as an unbroken one would.
 */
export function mix<Batch>(streams: readonly WeightedStream<Batch>[], seed: number): Stream<Batch> {
  const weights = Object.fromEntries(streams.map(({ weight }, at) => [String(at), weight]))
  return (step) => streams[Number(Rng.from(seed, 'mix', step).weighted(weights))].stream(step)
}
