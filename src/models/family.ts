import type { LanguageModel } from './language/language-model.ts'
import type { PreprocessorConfig } from './views/image-processor.ts'
import type { PromptForm } from './views/prompt-form.ts'
import type { VisionSide } from './vision-side.ts'

/** A loaded architecture, with the config bound: what it sees, how pictures stand in the prompt, what answers. */
export interface Architecture {
  readonly name: string
  readonly vision: VisionSide
  readonly prompt: PromptForm
  readonly language: LanguageModel
}

/** Beginnings of the names of weights that a checkpoint may hold and this configuration does not need. */
export const ignoredWeights = ({ vision, language }: Architecture): readonly string[] => [
  ...(vision.ignored ?? []),
  ...language.ignored,
]

/** A model family: which `model_type` values of config.json it reads, and how. */
export interface Family {
  readonly id: string
  readonly modelTypes: readonly string[]
  /** A name in a checkpoint file -> the name the program uses; undefined for weights it has no use for. */
  readonly weightName?: (name: string) => string | undefined
  /** Checks a parsed config.json and binds it. Throws FoveaError naming the field that does not fit. */
  bind(config: unknown, processor?: PreprocessorConfig): Architecture
}

export const family = (definition: Family): Family => definition
