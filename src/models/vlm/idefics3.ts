import { z } from 'zod'
import { type RgbImage, resizeImage } from '../../media/image.ts'
import { linear } from '../../nn/index.ts'
import { configError, parseConfig, size } from '../config.ts'
import { foldGrid, foldPatches } from '../connectors/fold-patches.ts'
import { type Architecture, family } from '../family.ts'
import { filterOf, type PreprocessorConfig } from '../image-processor.ts'
import { within } from '../language/language-model.ts'
import { languageOf } from '../language/languages.ts'
import type { Extent, View } from '../view.ts'
import { idefics3Vision, idefics3VisionConfig } from '../vision/idefics3.ts'
import type { VisionTransformerConfig } from '../vision/transformer.ts'
import { fillingPatches } from '../vision-side.ts'
import { cutTiles } from './tiles.ts'

/**
 * Idefics3 (Laurencon et al., Building and Better Understanding Vision-Language Models, arXiv 2408.12637) and SmolVLM
 * (Marafioti et al., arXiv 2504.05299): the image is cut into tiles, neighbouring patches are folded into one token, and
 * text around each tile says where it lies.
 */
const schema = z.object({
  model_type: z.enum(['idefics3', 'smolvlm']),
  vision_config: z.looseObject({}),
  text_config: z.looseObject({}),
  image_token_id: z.int().nonnegative().default(128257),
  scale_factor: size.default(2),
  tie_word_embeddings: z.boolean().default(false),
})

/** Longest side that an image may be resized to. */
const MAX_EDGE = 4096

interface Tiling {
  /** Side of a tile in pixels. */
  readonly tile: number
  /** What the longer side of an image is resized to; absent: it keeps its size. */
  readonly longest?: number
  readonly split: boolean
}

function tilingOf(processor: PreprocessorConfig | undefined, imageSize: number): Tiling {
  const { size: target, max_image_size, do_resize = true, do_image_splitting = true } = processor ?? {}
  const tile = max_image_size?.longest_edge ?? imageSize
  const longest = target && 'longest_edge' in target ? target.longest_edge : 4 * tile
  return { tile, ...(do_resize && { longest: Math.min(longest, MAX_EDGE) }), split: do_image_splitting }
}

/** The size whose longer side is `longest`; the shorter one is cut to whole pixels and then made even. */
function rescaled({ width, height }: RgbImage, longest: number): Extent {
  const even = (side: number) => Math.max(1, side + (side % 2))
  const aspect = width / height
  if (width >= height) return { width: longest, height: even(Math.trunc(longest / aspect)) }
  return { width: even(Math.trunc(longest * aspect)), height: longest }
}

/** Both sides up to whole tiles: the longer one first, the other from the aspect that it had. */
function wholeTiles({ width, height }: RgbImage, tile: number): Extent {
  const up = (side: number) => Math.ceil(side / tile) * tile
  const aspect = width / height
  if (width >= height) return { width: up(width), height: up(Math.trunc(up(width) / aspect)) }
  return { width: up(Math.trunc(up(height) * aspect)), height: up(height) }
}

/** The tiles of an image row by row and then the whole image, all of one size; a small image is one view. */
export function tileViews(
  image: RgbImage,
  { tile, longest, split }: Tiling,
  filter = filterOf({ resample: 1 }),
): View[] {
  const resized = (from: RgbImage, { width, height }: Extent) =>
    from.width === width && from.height === height ? from : resizeImage(from, width, height, filter)
  const scaled = longest === undefined ? image : resized(image, rescaled(image, longest))
  if (!split) return [{ image: resized(scaled, { width: tile, height: tile }), width: tile, height: tile }]
  const whole = resized(scaled, wholeTiles(scaled, tile))
  const overview = { image: resized(whole, { width: tile, height: tile }), width: tile, height: tile }
  if (whole.width === tile && whole.height === tile) return [overview]
  return [...cutTiles(whole, tile), overview]
}

const FENCE = '<fake_token_around_image>'

/** `<fence><row_1_col_1><image>...`, a line per row of tiles, then the whole image after an empty line. */
export function tilePrompt(views: readonly View[]): string {
  const parts = views.map(({ tile }, index) => {
    const before = views[index - 1]?.tile
    if (!tile) return `${before ? '\n\n' : ''}${FENCE}<global-img><image>`
    return `${before && before.row !== tile.row ? '\n' : ''}${FENCE}<row_${tile.row}_col_${tile.column}><image>`
  })
  return parts.join('') + FENCE
}

function assertFolds({ patch_size }: VisionTransformerConfig, scale: number, side: number): void {
  if (side % (patch_size * scale) === 0) return
  throw configError('scale_factor', `${scale} x ${scale} patches of ${patch_size} do not fill views of ${side} pixels`)
}

function bind(raw: unknown, processor?: PreprocessorConfig): Architecture {
  const config = parseConfig(schema, raw)
  const { scale_factor: scale, tie_word_embeddings: tied } = config
  const vision = idefics3VisionConfig(config.vision_config, 'vision_config')
  const text = { ...config.text_config, tie_word_embeddings: tied }
  const language = within('language_model', languageOf(text, 'text_config'))
  const tiling = tilingOf(processor, vision.image_size)
  assertFolds(vision, scale, tiling.tile)
  const cell = vision.patch_size * scale
  return {
    name: config.model_type,
    vision: {
      patchSize: cell,
      viewSize: tiling.tile,
      grid: (view) => fillingPatches(view, cell),
      encode: (p, pixels) => {
        const { layers, grid, output } = idefics3Vision(p.at('vision_model'), vision, pixels)
        return { layers, grid: foldGrid(grid, scale), special: 0, patches: foldPatches(output, grid, scale) }
      },
      connect: (p, patches) =>
        linear(p.at('connector', 'modality_projection', 'proj'), patches, language.hiddenSize, false),
    },
    prompt: {
      imageToken: config.image_token_id,
      views: (image) => tileViews(image, tiling, filterOf({ resample: processor?.resample ?? 1 })),
      expand: tilePrompt,
    },
    language,
  }
}

function weightName(name: string): string | undefined {
  const short = name
    .replace(/^model\.text_model\./, 'language_model.model.')
    .replace(/^model\.(vision_model|connector)\./, '$1.')
    .replace(/^lm_head\./, 'language_model.lm_head.')
  return /rotary_emb\.inv_freq$|position_ids$/.test(short) ? undefined : short
}

export const idefics3 = family({ id: 'idefics3', modelTypes: ['idefics3', 'smolvlm'], weightName, bind })
