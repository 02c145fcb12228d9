/** The question that all engines are asked, and how many tokens it takes. */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { RgbImage } from '../../src/media/image.ts'
import { parsePreprocessor } from '../../src/models/views/image-processor.ts'
import { loadTokenizer } from '../../src/text/load-tokenizer.ts'
import type { Compared } from './compared.ts'
import { patchesPerView } from './gguf/vision.ts'

/** Something like a photograph: broad waves of colour with grain on top. Another seed, another image. */
export function photograph(seed: number, { width, height }: Compared['image']): RgbImage {
  const data = new Uint8Array(width * height * 3)
  let state = (seed + 1) >>> 0
  for (let y = 0, at = 0; y < height; y++)
    for (let x = 0; x < width; x++)
      for (let channel = 0; channel < 3; channel++) {
        state = (Math.imul(state, 1664525) + 1013904223) >>> 0
        const wave = Math.sin((x / 97) * (channel + 1) + seed) + Math.cos(y / 71 + channel * seed)
        data[at++] = 128 + 40 * wave + (state >>> 27)
      }
  return { width, height, data }
}

/** The image as a file that costs nothing to decode (binary PPM). */
export async function writePhotograph(seed: number, model: Compared, folder: string): Promise<string> {
  const { width, height, data } = photograph(seed, model.image)
  const path = join(folder, `${model.name}-${seed}.ppm`)
  await writeFile(path, Buffer.concat([Buffer.from(`P6\n${width} ${height}\n255\n`), data]))
  return path
}

export interface QuestionSize {
  readonly views: number
  /** Visual tokens of all views, none cut off. */
  readonly visual: number
  readonly text: number
}

/** What the question takes in a model that drops nothing. `checkpoint` is its folder. */
export async function questionSize(model: Compared, checkpoint: string): Promise<QuestionSize> {
  const { family, config, processor, name } = model.checkpoint
  const { prompt } = family.bind(config, parsePreprocessor(processor, name))
  const views = prompt.views(photograph(0, model.image))
  const tokenizer = await loadTokenizer(checkpoint)
  const written = model.prompt.replace('<image>', prompt.expand?.(views) ?? '<image>')
  const text = tokenizer.encode(written, { special: true }).filter((id) => id !== prompt.imageToken)
  const fold = config.scale_factor ?? 1
  return { views: views.length, visual: (views.length * patchesPerView(model)) / fold ** 2, text: text.length }
}
