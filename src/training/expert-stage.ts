import type { ExpertKind } from '../models/vision/experts.ts'
import type { Method } from '../pipeline/method/method.ts'
import { dialogueStage } from './dialogue-stage.ts'
import type { TrainingStage } from './recipe.ts'

/** What an encoder that comes from no checkpoint is trained for: what published ones of its kind are good at. */
const SPECIALTY: Readonly<Record<ExpertKind, Readonly<Record<string, number>>>> = {
  dinov2: { relation: 2, grid: 2, box: 2, count: 1, compare: 1 },
  siglip: { color: 1, shape: 1, size: 1, exist: 1, caption: 1 },
  clip: { read: 3, bar: 1 },
}

/** Trains an encoder beside the model's own, in the place of published weights: `method` sees with it alone. */
export const expertStage = (name: string, kind: ExpertKind, method: Method): TrainingStage =>
  dialogueStage({ name, steps: 300, rate: 3e-3, method, tasks: SPECIALTY[kind] })
