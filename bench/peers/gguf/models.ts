/** The GGUF files of a compared model, written when first asked for. */
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Compared } from '../compared.ts'
import { encoderEntries, encoderTensors } from './encoder.ts'
import { writeGguf } from './file.ts'
import { languageEntries, languageTensors } from './language.ts'
import type { GgufType } from './tensor-info.ts'
import { patchesPerView, visionEntries, visionTensors } from './vision.ts'
import { vocabularyEntries } from './vocabulary.ts'

const home = fileURLToPath(new URL('../../../', import.meta.url))

export async function languageGguf(model: Compared, type: GgufType, folder: string): Promise<string> {
  const { checkpoint, name } = model
  const { text_config: shape } = checkpoint.config
  const path = join(folder, `${name}-language-${type}.gguf`)
  const words = await vocabularyEntries(join(home, checkpoint.tokenizer, 'tokenizer.json'), shape.vocab_size)
  await writeGguf(path, [...languageEntries(shape, type), ...words], languageTensors(shape, type))
  return path
}

export async function visionGguf(model: Compared, type: GgufType, folder: string): Promise<string> {
  const path = join(folder, `${model.name}-vision-${type}.gguf`)
  await writeGguf(path, visionEntries(model, type), visionTensors(model, type))
  return path
}

/** A text must be shorter than its context. */
export const SPARE_POSITIONS = 8

/** A text encoder of the vision encoder's sizes, for a text as long as a view has patches. */
export async function encoderGguf(model: Compared, type: GgufType, folder: string): Promise<string> {
  const { vision_config: vision } = model.checkpoint.config
  const path = join(folder, `${model.name}-encoder-${type}.gguf`)
  const positions = patchesPerView(model) + SPARE_POSITIONS
  await writeGguf(path, encoderEntries(vision, positions, type), encoderTensors(vision, positions, type))
  return path
}
