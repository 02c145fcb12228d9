import { f32, i64 } from '../runtime/index.ts'
import { askAll, Rng } from '../world/index.ts'
import type { FeatureBank } from './feature-bank.ts'
import { type PackedText, packText, taskWeights } from './mini/questions.ts'
import type { Stream } from './mix.ts'
import type { TrainingData } from './recipe.ts'
import type { Batch } from './step.ts'

export interface WorldDialogues {
  readonly bank: FeatureBank
  readonly batch: number
  /** Text tokens per image. */
  readonly text: number
  /** Slots of each image before its questions at a step. */
  readonly visual: (step: number) => number
  /** Where these stand, and the text behind them; one after another when absent. */
  readonly place?: (of: PlacedImage) => ImagePlace
  /** How often each task is asked; as fovea-mini was trained when absent. */
  readonly tasks?: Readonly<Record<string, number>>
}

/** Which image of which step, and its slots. */
export interface PlacedImage {
  readonly step: number
  readonly at: number
  readonly slots: number
}

/** Positions of the slots before a text, and of its first token. */
export interface ImagePlace {
  readonly opening: readonly number[]
  readonly text: number
}

/** Kept features and fresh questions about their scenes: a function of seed and step alone. */
export function worldDialogues(
  { seed, encode }: Pick<TrainingData, 'seed' | 'encode'>,
  { bank, batch, text, visual, place, tasks = taskWeights }: WorldDialogues,
): Stream<Batch> {
  return (step) => {
    const rng = Rng.from(seed, 'dialogues', step)
    const chosen = Array.from({ length: batch }, () => rng.int(0, bank.scenes - 1))
    const count = visual(step)
    const places = place && chosen.map((_, at) => place({ step, at, slots: count }))
    const packed = chosen.map((index, at) => {
      const { scene } = bank.scene(index)
      const questions = askAll(scene, rng, 24, tasks).map((qa) => [qa])
      return packText(questions, { text, encode, visual: places?.[at].text ?? count })
    })
    const join = (key: keyof PackedText) => packed.flatMap((row) => [...row[key]])
    const shape = [batch, text]
    return {
      ...bank.features(chosen),
      ...(places && {
        openingPositions: f32([batch, count], Float32Array.from(places.flatMap(({ opening }) => opening))),
      }),
      ids: i64(shape, join('ids')),
      segments: i64(shape, join('segments')),
      positions: f32(shape, Float32Array.from(join('positions'))),
      targets: i64(shape, join('targets')),
      weights: f32(shape, Float32Array.from(join('weights'))),
    }
  }
}
