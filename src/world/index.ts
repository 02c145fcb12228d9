export {
  type ChoiceKey,
  choiceText,
  choiceTurn,
  type LabelledChoice,
  NEEDS,
  type Need,
  sampleChoice,
} from './bias/choices.ts'
export { PARTNERS, POPULAR, PRIORS } from './bias/habits.ts'
export { type BiasKey, makeBiasScene } from './bias/make-bias-scene.ts'
export { chair, chairScores, NEGATIVES, type Negative, pope, popeScores, thingsNamed } from './bias/pope.ts'
export {
  CONCEPTS,
  type ConceptUnit,
  conceptsIn,
  makeConceptUnits,
  measureUnit,
  unitSignal,
} from './cortex/concept-units.ts'
export { type Cortex, featuresOf, makeCortex, measure, noiseCeiling, REGIONS, signalOf } from './cortex/cortex.ts'
export { dialogue } from './dialogue.ts'
export { type Canvas2D, drawScene } from './draw.ts'
export type { Film, Happening, Shot } from './film/film.ts'
export { type FilmKey, makeFilm } from './film/make-film.ts'
export { FILM_TASK_IDS } from './film/questions/index.ts'
export { askFilm, type FilmSampleKey, framesOf, sampleFilm, withoutTime } from './film/sample-film.ts'
export { frameOf } from './film/state.ts'
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
export { DIRECTIONS, LANGUAGES, type Language, tongueOf } from './language/index.ts'
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
export { SOUND_TASK_IDS } from './sound/questions.ts'
export { type SoundSampleKey, sampleSound } from './sound/sample-sound.ts'
export {
  makeSound,
  renderSound,
  SOUND_RATE,
  type SoundClip,
  type SoundEvent,
  VOICES,
  type Voice,
} from './sound/sound.ts'
export { type SoundingFilm, sampleSoundingFilm } from './sound/sounding-film.ts'
export { type Episode, type EpisodeKey, makeEpisode, play } from './table/episode.ts'
export { solve } from './table/expert.ts'
export { type Goal, isReached } from './table/goal.ts'
export { type Action, type OnTable, step, type Table } from './table/table.ts'
export { CAMERAS, type Camera, viewOf } from './table/views.ts'
export { letterBoxes, runBox } from './text-runs.ts'
export { type Art, createArt, type IconSet } from './things/art.ts'
export type { Item, Thing } from './things/item.ts'
export { ITEM_CLASSES, type ItemLabels, itemLabels } from './things/item-labels.ts'
export { makeThingScene, type ThingSceneKey } from './things/make-thing-scene.ts'
export { itemMap } from './things/masks.ts'
export { askAbout, PICTURE_TASK_IDS } from './things/pictures.ts'
export { THING_TASK_IDS, THING_TASKS } from './things/questions/index.ts'
export { ALL_THING_TASK_IDS, sampleThings, type ThingSample, type ThingSampleKey } from './things/sample-things.ts'
export {
  GROUPS,
  type Group,
  THINGS,
  TRAINED_VENDORS,
  thingNamed,
  thingsOf,
  VENDORS,
  type Vendor,
} from './things/table.ts'
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
