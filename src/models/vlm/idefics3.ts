import { z } from 'zod'
import { type RgbImage, resizeImage } from '../../media/image.ts'
import { linear, type Scope } from '../../nn/index.ts'
import { reshape, type Tensor, transpose } from '../../tensor/index.ts'
import { configError, parseConfig, size } from '../config.ts'
import { type Architecture, family, type Grid, type View } from '../family.ts'
import { cropImage, filterOf, type PreprocessorConfig } from '../image-processor.ts'
import { languageOf } from '../language/languages.ts'
import { idefics3Vision, idefics3VisionConfig } from '../vision/idefics3.ts'
import type { VisionTransformerConfig } from '../vision/transformer.ts'

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

const visionScope = (p: Scope): Scope => p.at('vision_model')
const languageScope = (p: Scope): Scope => p.at('language_model')

/** Pixel shuffle: each square of scale x scale patches [b, n, d] becomes one wide token [b, n / scale^2, scale^2 d]. */
export function foldPatches(patches: Tensor, { rows, columns }: Grid, scale: number): Tensor {
  const [batch, , width] = patches.shape as [number, number, number]
  const [down, across] = [rows / scale, columns / scale]
  const cells = reshape(patches, [batch, down, scale, across, scale, width])
  return reshape(transpose(cells, [0, 1, 3, 2, 4, 5]), [batch, down * across, scale * scale * width])
}

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
function rescaled({ width, height }: RgbImage, longest: number): { width: number; height: number } {
  const even = (side: number) => Math.max(1, side + (side % 2))
  const aspect = width / height
  if (width >= height) return { width: longest, height: even(Math.trunc(longest / aspect)) }
  return { width: even(Math.trunc(longest * aspect)), height: longest }
}

/** Both sides up to whole tiles: the longer one first, the other from the aspect that it had. */
function wholeTiles({ width, height }: RgbImage, tile: number): { width: number; height: number } {
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
  const resized = (from: RgbImage, { width, height }: { width: number; height: number }) =>
    from.width === width && from.height === height ? from : resizeImage(from, width, height, filter)
  const scaled = longest === undefined ? image : resized(image, rescaled(image, longest))
  if (!split) return [{ image: resized(scaled, { width: tile, height: tile }), width: tile, height: tile }]
  const whole = resized(scaled, wholeTiles(scaled, tile))
  const [rows, columns] = [whole.height / tile, whole.width / tile]
  const overview = { image: resized(whole, { width: tile, height: tile }), width: tile, height: tile }
  if (rows * columns === 1) return [overview]
  const tiles = Array.from({ length: rows * columns }, (_, index): View => {
    const [row, column] = [Math.floor(index / columns), index % columns]
    const part = cropImage(whole, { left: column * tile, top: row * tile, width: tile, height: tile })
    return { image: part, width: tile, height: tile, tile: { row: row + 1, column: column + 1 } }
  })
  return [...tiles, overview]
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
  const { embed, decode, logits, ...language } = languageOf(text, 'text_config')
  const tiling = tilingOf(processor, vision.image_size)
  assertFolds(vision, scale, tiling.tile)
  const cell = vision.patch_size * scale
  return {
    name: config.model_type,
    ...language,
    imageToken: config.image_token_id,
    patchSize: cell,
    viewSize: tiling.tile,
    ignored: tied ? ['language_model.lm_head.'] : [],
    views: (image) => tileViews(image, tiling, filterOf({ resample: processor?.resample ?? 1 })),
    expand: tilePrompt,
    grid: ({ width, height }) => ({ rows: height / cell, columns: width / cell }),
    encode: (p, pixels) => {
      const { layers, grid, output } = idefics3Vision(visionScope(p), vision, pixels)
      const folded = { rows: grid.rows / scale, columns: grid.columns / scale }
      return { layers, grid: folded, special: 0, patches: foldPatches(output, grid, scale) }
    },
    connect: (p, patches) =>
      linear(p.at('connector', 'modality_projection', 'proj'), patches, language.hiddenSize, false),
    embed: (p, ids) => embed(languageScope(p), ids),
    decode: (p, start, options) => decode(languageScope(p), start, options),
    logits: (p, hidden) => logits(languageScope(p), hidden),
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
