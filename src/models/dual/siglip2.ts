import { z } from 'zod'
import { FoveaError } from '../../errors.ts'
import { f32 } from '../../runtime/index.ts'
import { parseConfig } from '../config.ts'
import { assertViewSize, type PreprocessorConfig } from '../views/image-processor.ts'
import { sizeWithin } from '../views/native-size.ts'
import type { Extent, View } from '../views/view.ts'
import { antialiasedLinearMatrix } from '../vision/positions.ts'
import { positionSide, siglip2Vision, siglip2VisionConfig } from '../vision/siglip2.ts'
import type { VisionTransformerConfig } from '../vision/transformer.ts'
import { type DualEncoder, dualFamily, dualWeightName } from './dual-encoder.ts'
import { type ImageInput, viewCount } from './image-input.ts'
import { assertPooled, pooledPatches } from './pooling-head.ts'
import { siglipText } from './siglip-text.ts'

/**
 * SigLIP 2 NaFlex (Tschannen et al., arXiv 2502.14786, section 2.4.2): SigLIP for images that keep their shape. Learnt
 * positions are resampled for each. What the reference fills up with padding, and masks, is not there at all.
 */
const schema = z.object({
  model_type: z.literal('siglip2'),
  text_config: z.looseObject({}).nullish(),
  vision_config: z.looseObject({}).nullish(),
})

const MOST_PATCHES = 256

/** One program for all shapes: the weights of positions are computed for each and go in beside the pixels. */
function imageInput(config: VisionTransformerConfig): ImageInput {
  const { patch_size: s } = config
  const side = positionSide(config)
  return {
    shapes: { patches: ['batch', 3, 'rows', s, 'columns', s], down: ['rows', side], across: ['columns', side] },
    feeds: (pixels, view) => {
      const [rows, columns] = [view.height / s, view.width / s]
      const weights = (to: number) => f32([to, side], antialiasedLinearMatrix(side, to))
      const patches = f32([viewCount(pixels, view), 3, rows, s, columns, s], pixels)
      return { patches, down: weights(rows), across: weights(columns) }
    },
  }
}

function assertProcessor({ patch_size, do_resize }: Partial<PreprocessorConfig>, patch: number): void {
  const refuse = (fault: string) =>
    new FoveaError('preprocessor_invalid', 'input', `preprocessor_config.json: ${fault}`)
  if (patch_size !== undefined && patch_size !== patch)
    throw refuse(`patch_size: ${patch_size} is not vision_config.patch_size ${patch} of config.json`)
  if (do_resize === false) throw refuse('do_resize: images must be resized to whole patches')
}

function viewOf(image: View['image'], patch: number, most: number): View {
  const size: Extent = sizeWithin(image, { patch, most })
  assertViewSize(size)
  return { image, ...size }
}

function bind(raw: unknown, processor: Partial<PreprocessorConfig> = {}): DualEncoder {
  const config = parseConfig(schema, raw)
  assertPooled(config.vision_config ?? {})
  const vision = siglip2VisionConfig(config.vision_config ?? {}, 'vision_config')
  const { patch_size: patchSize, image_size: imageSize } = vision
  assertProcessor(processor, patchSize)
  return {
    ...siglipText(config.text_config ?? {}, vision.hidden_size),
    name: 'siglip2',
    imageSize,
    patchSize,
    images: imageInput(vision),
    view: (image) => viewOf(image, patchSize, processor.max_num_patches ?? MOST_PATCHES),
    encodeImages: (p, { patches, down, across }) => {
      const encoded = siglip2Vision(p.at('vision_model'), vision, { patches, down, across })
      return pooledPatches(p.at('vision_model'), vision, encoded)
    },
  }
}

export const siglip2 = dualFamily({ id: 'siglip2', modelTypes: ['siglip2'], weightName: dualWeightName, bind })
