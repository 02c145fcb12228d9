import { createScope } from '../nn/index.ts'
import { compose } from '../pipeline/method/compose.ts'
import type { Method } from '../pipeline/method/method.ts'
import type { Tensor } from '../tensor/index.ts'
import { openingLength, type ReadDialogue, readKept } from './dialogue.ts'
import type { FeatureBank } from './feature-bank.ts'
import { inputsOf, viewsOfScenes } from './kept-pictures.ts'
import { isLora } from './lora.ts'
import { muonForMatrices, ownWeights, type TrainingData, type TrainingStage } from './recipe.ts'
import { warmupStableDecay } from './schedules.ts'
import type { Batch } from './step.ts'
import { type ImagePlace, type PlacedImage, worldDialogues } from './world-dialogues.ts'

/**
 * A stage that trains a method on questions about the World; the vision encoder is frozen, and what the method reads of it is
 * kept, unless its pictures are drawn. Encoders that it brings itself see the scenes at every step. Its views of a scene must be squares of one size.
 */
export interface DialogueStage extends Pick<TrainingStage, 'name' | 'steps' | 'rate'> {
  readonly method: Method
  /** Slots of each image before its questions at a step; those that the method leaves and writes when absent. */
  readonly visual?: (step: number, data: TrainingData) => number
  /** Where these slots stand, and the text behind them; one after another when absent. */
  readonly place?: (of: PlacedImage, data: TrainingData) => ImagePlace
  /** What its batches bring beside those of every dialogue. */
  readonly inputs?: (step: number, data: TrainingData) => Batch
  /** Losses beside that of the answers, over what was read. */
  readonly further?: (read: ReadDialogue) => Readonly<Record<string, Tensor>>
  /** All of the method's weights, and none of the model's, when absent. */
  readonly trains?: TrainingStage['trains']
  readonly optimizer?: TrainingStage['optimizer']
  readonly schedule?: TrainingStage['schedule']
  /** The vision encoder runs at every step: for stages that train it, and those behind them. */
  readonly drawn?: boolean
  readonly batch?: number
  /** Text tokens per image. */
  readonly text?: number
  /** How often each task is asked; as fovea-mini was trained when absent. */
  readonly tasks?: Readonly<Record<string, number>>
}

/** Views whose features are kept. Questions about them are drawn anew at every step. */
const VIEWS = 2048

export function dialogueStage(stage: DialogueStage): TrainingStage {
  const { name, steps, rate, place, inputs, further, trains = ownWeights, batch = 8, text = 96, tasks, drawn } = stage
  const { optimizer = muonForMatrices(/quer(y|ies)$|embed|lora_[AB]|\.B$/) } = stage
  const { schedule = warmupStableDecay(Math.min(30, Math.ceil(steps / 10)), 0.4) } = stage
  const method = compose(stage.method)
  const losses: TrainingStage['losses'] = (p, architecture, encode) => {
    const read = readKept(p, architecture, method, { batch, text, encode, drawn, placed: place !== undefined })
    return { answer: read.answer, ...further?.(read) }
  }
  return {
    name,
    steps,
    rate,
    batch,
    trains,
    optimizer,
    schedule,
    losses,
    batches: async (data) => {
      const bank = await bankOf(data, method, losses)
      const own = stage.visual ? 0 : openingLength(data.architecture, method, data)
      const visual = (step: number) => stage.visual?.(step, data) ?? own
      const placed = place && ((of: PlacedImage) => place(of, data))
      const dialogues = worldDialogues(data, { bank, batch, text, tasks, visual, place: placed })
      return (step) => ({ ...dialogues(step), ...inputs?.(step, data) })
    },
  }
}

/** Scenes, and what losses read of what a method sees in them. */
export function bankOf(data: TrainingData, method: Method, losses: TrainingStage['losses']): Promise<FeatureBank> {
  const { architecture, encode } = data
  const inputs = inputsOf(Object.values(losses(createScope(), architecture, encode)))
  const scenes = Math.floor(VIEWS / viewsOfScenes(method, architecture).length)
  return data.bank({ scenes, method, inputs })
}

/** Weights between a vision encoder and a language model. */
const isProjector = (weight: string): boolean => /^(multi_modal_projector|connector)\./.test(weight)

/** What most papers train: all that the method adds, and the projector of the model. */
export const withProjector = (weight: string): boolean => ownWeights(weight) || isProjector(weight)

/** Most papers train in two stages. */
export interface TwoStages extends Omit<DialogueStage, 'name' | 'steps'> {
  /** The method of the first stage, where that is another. */
  readonly align?: Method
}

/**
 * First what the method adds and the projector of the model, then the language model too: the LoRA pairs of the method, where
 * it has any.
 */
export function alignAndTune({ align, ...stage }: TwoStages): TrainingStage[] {
  const { method, trains = withProjector } = stage
  const first = { method: align ?? method, trains: (weight: string) => trains(weight) && !isLora(weight) }
  return [
    dialogueStage({ ...stage, ...first, name: 'align', steps: 150 }),
    dialogueStage({ ...stage, trains, name: 'tune', steps: 500 }),
  ]
}
