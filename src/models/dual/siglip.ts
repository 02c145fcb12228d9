import { z } from 'zod'
import { parseConfig } from '../config.ts'
import { type PreprocessorConfig, singleView } from '../views/image-processor.ts'
import { siglipVision, siglipVisionConfig } from '../vision/siglip.ts'
import { lastStates } from '../vision/tower.ts'
import { type DualEncoder, dualFamily, dualWeightName } from './dual-encoder.ts'
import { assertSquare, squareInput } from './image-input.ts'
import { assertPooled, pooledPatches } from './pooling-head.ts'
import { siglipText } from './siglip-text.ts'

/**
 * SigLIP (Zhai et al., Sigmoid Loss for Language Image Pre-Training, arXiv 2303.15343): a learnt query attends to the
 * patches. SigLIP 2 (arXiv 2502.14786) has the same form where its images have a fixed size.
 */
const schema = z.object({
  model_type: z.literal('siglip'),
  text_config: z.looseObject({}).default({}),
  vision_config: z.looseObject({}).default({}),
})

function bind(raw: unknown, processor?: PreprocessorConfig): DualEncoder {
  const config = parseConfig(schema, raw)
  assertPooled(config.vision_config)
  const vision = siglipVisionConfig(config.vision_config, 'vision_config')
  const { image_size: imageSize, patch_size: patchSize } = vision
  return {
    ...siglipText(config.text_config, vision.hidden_size),
    name: 'siglip',
    imageSize,
    patchSize,
    images: squareInput(imageSize),
    view: (image) => assertSquare(singleView(image, processor, imageSize), imageSize),
    encodeImages: (p, { pixels }) => {
      const features = siglipVision(p.at('vision_model'), vision, pixels)
      return pooledPatches(p.at('vision_model'), vision, lastStates(features))
    },
  }
}

export const siglip = dualFamily({ id: 'siglip', modelTypes: ['siglip'], weightName: dualWeightName, bind })
