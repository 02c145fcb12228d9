/** Which heads look at images, from samples of what they look at: the masks of YOPO. */
import { dense } from '../../../pipeline/method/compose.ts'
import { f32, type Value } from '../../../runtime/index.ts'
import { concat, reshape, type Tensor } from '../../../tensor/index.ts'
import { openingLength, readKept } from '../../../training/dialogue.ts'
import { bankOf } from '../../../training/dialogue-stage.ts'
import type { Measuring, TrainingStage } from '../../../training/recipe.ts'
import { worldDialogues } from '../../../training/world-dialogues.ts'
import { headRatios } from './head-ratios.ts'

/** rho of all heads in one sample, [layers][heads]. */
export type Ratios = readonly (readonly number[])[]

/** The share of the samples that a head must look at images in. */
const VOTES = 0.4

/** Layers that keep all heads. */
const WHOLE = 2

/** Samples that heads are judged by, and how many of them are read at once. */
const [SAMPLES, AT_ONCE] = [100, 4]

/**
 * M [layers, heads], 1 where rho is above `tau` in more than 40 % of the samples; the first two layers keep all heads.
 */
export function headMask(samples: readonly Ratios[], tau: number): number[][] {
  const votes = (layer: number, head: number) => samples.filter((ratios) => ratios[layer][head] > tau).length
  return samples[0].map((heads, layer) =>
    heads.map((_, head) => (layer < WHOLE || votes(layer, head) > VOTES * samples.length ? 1 : 0)),
  )
}

/** The tau that leaves a share of the heads behind the first two layers, rounded: those that look at images most. */
export function tauFor(samples: readonly Ratios[], kept: number): number {
  const needed = Math.floor(VOTES * samples.length)
  const highest = samples[0]
    .slice(WHOLE)
    .flatMap((heads, layer) =>
      heads.map((_, head) => samples.map((ratios) => ratios[layer + WHOLE][head]).sort((a, b) => b - a)[needed]),
    )
  const limits = highest.sort((a, b) => b - a)
  const count = Math.round(kept * limits.length)
  return count < limits.length ? limits[count] : Number.NEGATIVE_INFINITY
}

/** The masks of the first layers of a model as weights of the method, from dialogues about scenes of training. */
export async function calibratedHeads(
  { data, run }: Measuring,
  { kept, layers }: { readonly kept: number; readonly layers: number },
): Promise<ReadonlyMap<string, Value>> {
  const shape = { batch: AT_ONCE, text: 96, encode: data.encode }
  const ratiosOf: TrainingStage['losses'] = (p, architecture) => ({
    ratios: stacked(readKept(p, architecture, dense, shape).layers.map(headRatios)),
  })
  const bank = await bankOf(data, dense, ratiosOf)
  const slots = openingLength(data.architecture, dense, data)
  const batches = worldDialogues(data, { ...shape, bank, visual: () => slots })
  const steps = Array.from({ length: SAMPLES / AT_ONCE }, (_, step) => batches(step))
  const found = await run((p) => ratiosOf(p, data.architecture, data.encode), steps)
  const samples = found.flatMap(({ ratios }) => samplesIn(ratios, layers))
  const mask = headMask(samples, tauFor(samples, kept))
  return new Map(
    mask.map((heads, layer) => [`method.yopo.layers.${layer}.heads`, f32([heads.length], Float32Array.from(heads))]),
  )
}

/** rho of every layer [b, h] -> [layers, b, h]. */
const stacked = (ratios: readonly Tensor[]): Tensor =>
  concat(
    ratios.map((ratio) => reshape(ratio, [1, ...ratio.shape])),
    0,
  )

/** [layers, b, h] -> b samples of the first layers. */
function samplesIn({ dims: [, batch, heads], data }: Value, layers: number): Ratios[] {
  const row = (layer: number, sample: number) => (layer * batch + sample) * heads
  return Array.from({ length: batch }, (_, sample) =>
    Array.from({ length: layers }, (_, layer) =>
      Array.from(data.slice(row(layer, sample), row(layer, sample) + heads), Number),
    ),
  )
}
