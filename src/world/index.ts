export { dialogue } from './dialogue.ts'
export { type Canvas2D, drawScene } from './draw.ts'
export { FONTS, type FontId } from './fonts.ts'
export { insideObject, objectBox, toThousandths } from './geometry.ts'
export {
  HELD_OUT_PAIRS,
  HELD_OUT_RELATIONS,
  isHeldOutPair,
  RELATION_MARGIN,
  RELATIONS,
  showsHeldOut,
} from './held-out.ts'
export { LABEL_CLASSES, type PatchLabels, patchLabels } from './labels.ts'
export { makeScene, type SceneKey, SPLITS, type Split } from './make-scene.ts'
export { phraseObject } from './questions/caption.ts'
export { type QA, TASK_IDS, TASKS, type Task } from './questions/index.ts'
export { Rng } from './rng.ts'
export { askAll, findTask, type Sample, type SampleKey, sample, sampleDialogue } from './sample.ts'
export {
  type Box,
  DEFAULT_SIZE,
  SCENE_KINDS,
  type Scene,
  type SceneKind,
  type SceneObject,
  type Word,
} from './scene.ts'
export { letterBoxes, runBox } from './text-runs.ts'
export {
  CHARACTERS,
  COLOR_RGB,
  COLORS,
  type Color,
  FILLS,
  type Fill,
  type Rgb,
  SHAPES,
  type Shape,
  SIZE_RADIUS,
  SIZES,
  type Size,
} from './vocabulary.ts'
