import { clip } from '../../models/dual/clip.ts'
import { f32, i64 } from '../../runtime/index.ts'
import { exp, input, minimum } from '../../tensor/index.ts'
import { Rng } from '../../world/index.ts'
import { special } from '../mini/tokenizer.ts'
import type { Stream } from '../mix.ts'
import { pairContrastive } from '../objectives/contrastive.ts'
import type { TrainingData } from '../recipe.ts'
import type { Batch } from '../step.ts'
import { pictureBank, preprocessorOf } from './picture-bank.ts'
import { captionedScene, imageOfScene } from './scenes.ts'
import { ENCODER, layersOf, stageOf, type Tower, type TowerOptions } from './tower.ts'

/** Sizes of a training. */
const SIZES = {
  full: { side: 96, patch: 12, batch: 128, scenes: 6000, text: 64, steps: 2000 },
  tiny: { side: 24, patch: 12, batch: 6, scenes: 6, text: 40, steps: 3 },
} as const

/** config.json in the form of CLIP. */
function configOf({ tokenizer, size }: TowerOptions) {
  const { side, patch, text } = SIZES[size]
  const vision = { ...layersOf(size, 4), ...ENCODER, image_size: side, patch_size: patch, num_channels: 3 }
  return {
    architectures: ['CLIPModel'],
    model_type: 'clip',
    projection_dim: vision.hidden_size,
    vision_config: { model_type: 'clip_vision_model', ...vision },
    text_config: {
      model_type: 'clip_text_model',
      ...layersOf(size, 3),
      ...ENCODER,
      vocab_size: tokenizer.vocabSize,
      max_position_embeddings: text,
      eos_token_id: special.eos,
      pad_token_id: special.pad,
    },
  }
}

/** Every text ends in <eos>, whose state stands for it. */
const closing = {
  type: 'TemplateProcessing',
  single: [{ Sequence: { id: 'A', type_id: 0 } }, { SpecialToken: { id: '<eos>', type_id: 0 } }],
  pair: [
    { Sequence: { id: 'A', type_id: 0 } },
    { Sequence: { id: 'B', type_id: 1 } },
    { SpecialToken: { id: '<eos>', type_id: 1 } },
  ],
  special_tokens: { '<eos>': { id: '<eos>', ids: [special.eos], tokens: ['<eos>'] } },
}

/** Cosines are multiplied by at most this, as in CLIP. */
const MOST_SCALE = 100
/** What they are multiplied by at first: 1 / .07. */
const firstScale = () => Float32Array.of(Math.log(1 / 0.07))
function captions({ seed, encode }: TrainingData, size: TowerOptions['size']): Stream<Batch> {
  const { side, batch, scenes, text } = SIZES[size]
  const bank = pictureBank(side, (index) => {
    const { scene, caption } = captionedScene(seed, index)
    return { images: [imageOfScene(scene)], facts: caption }
  })
  return (step) => {
    const rng = Rng.from(seed, 'tower-zc', step)
    const chosen = Array.from({ length: batch }, () => rng.int(0, scenes - 1))
    const said = chosen.map((index) => bank.facts(index))
    const ids = said.map((caption) => [...encode(caption).slice(0, text - 1), special.eos])
    const rows = ids.flatMap((row) => [...row, ...new Array<number>(text - row.length).fill(special.pad)])
    const same = said.flatMap((a, i) => said.map((b, j) => Number(i !== j && a === b)))
    return {
      pixels: bank.pixels(chosen),
      ids: i64([batch, text], rows),
      places: i64(
        [batch],
        ids.map((row, at) => at * text + row.length - 1),
      ),
      same: f32([batch, batch], Float32Array.from(same)),
    }
  }
}

/** A contrastive tower: pictures and captions in English and Spanish in one space. */
export const zc: Tower = {
  id: 'zc',
  about: 'contrastive image and text encoders on captions, in the form of CLIP',
  recipe: (options) => {
    const { side, batch, text, steps } = SIZES[options.size]
    const config = configOf(options)
    const encoder = clip.bind(config)
    return {
      stage: {
        name: 'contrast',
        ...stageOf(options.size, { steps, batch }),
        losses: (p) => {
          const scale = p('logit_scale', [], firstScale)
          const images = encoder.encodeImages(p, { pixels: input('pixels', [batch, 3, side, side]) })
          const texts = encoder.encodeTexts(p, input('ids', [batch, text], 'i64'), input('places', [batch], 'i64'))
          // Captions that several pictures have count for none of the others.
          const same = input('same', [batch, batch])
          return pairContrastive(images, texts, minimum(exp(scale), MOST_SCALE), same)
        },
        batches: (data) => captions(data, options.size),
      },
      files: {
        'tokenizer.json': { ...options.tokenizerJson, post_processor: closing },
        'tokenizer_config.json': {
          tokenizer_class: 'PreTrainedTokenizerFast',
          eos_token: '<eos>',
          pad_token: '<pad>',
          model_max_length: text,
        },
        'preprocessor_config.json': preprocessorOf(side),
        'config.json': config,
      },
    }
  },
}
