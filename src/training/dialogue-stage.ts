import { compose } from '../pipeline/method/compose.ts'
import type { Method } from '../pipeline/method/method.ts'
import type { Tensor } from '../tensor/index.ts'
import { type ReadDialogue, readKept } from './dialogue.ts'
import { muonForMatrices, ownWeights, type TrainingData, type TrainingStage } from './recipe.ts'
import { warmupStableDecay } from './schedules.ts'
import type { Batch } from './step.ts'
import { type ImagePlace, type PlacedImage, worldDialogues } from './world-dialogues.ts'

/** A stage that trains a method on questions about the World; the vision encoder is frozen, and its features are kept. */
export interface DialogueStage extends Pick<TrainingStage, 'name' | 'steps' | 'rate'> {
  readonly method: Method
  /** Visual tokens that it leaves of each image at a step. */
  readonly visual: (step: number, data: TrainingData) => number
  /** Where the visual tokens of an image stand, and the text about it; one after another when absent. */
  readonly place?: (of: PlacedImage, data: TrainingData) => ImagePlace
  /** What its batches bring beside those of every dialogue. */
  readonly inputs?: (step: number, data: TrainingData) => Batch
  /** Losses beside that of the answers, over what was read. */
  readonly further?: (read: ReadDialogue) => Readonly<Record<string, Tensor>>
  /** All of the method's weights, and none of the model's, when absent. */
  readonly trains?: TrainingStage['trains']
  readonly optimizer?: TrainingStage['optimizer']
  readonly batch?: number
  /** Text tokens per image. */
  readonly text?: number
  /** How often each task is asked; as fovea-mini was trained when absent. */
  readonly tasks?: Readonly<Record<string, number>>
}

/** Scenes whose features are kept. Their questions are drawn anew at every step. */
export const SCENES = 2048

export function dialogueStage(stage: DialogueStage): TrainingStage {
  const { name, steps, rate, visual, place, inputs, further, trains = ownWeights, batch = 8, text = 96, tasks } = stage
  const { optimizer = muonForMatrices(/queries|embed|lora_[AB]/) } = stage
  const method = compose(stage.method)
  return {
    name,
    steps,
    rate,
    batch,
    trains,
    optimizer,
    schedule: warmupStableDecay(Math.min(30, Math.ceil(steps / 10)), 0.4),
    losses: (p, architecture) => {
      const read = readKept(p, architecture, method, { batch, text, placed: place !== undefined })
      return { answer: read.answer, ...further?.(read) }
    },
    batches: async (data) => {
      const bank = await data.bank(SCENES)
      const placed = place && ((of: PlacedImage) => place(of, data))
      const shape = { bank, batch, text, tasks, visual: (step: number) => visual(step, data), place: placed }
      const dialogues = worldDialogues(data, shape)
      return (step) => ({ ...dialogues(step), ...inputs?.(step, data) })
    },
  }
}
