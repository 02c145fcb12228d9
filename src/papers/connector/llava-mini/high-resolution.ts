/** Blocks of an image beside the whole of it, compressed together. */
import { type RgbImage, resizeImage } from '../../../media/image.ts'
import { cropImage } from '../../../models/views/image-processor.ts'
import { cutTiles } from '../../../models/views/tiles.ts'
import { type Box, partOf, type View, wholeOf } from '../../../models/views/view.ts'
import { PATCH_TAGS } from '../../../pipeline/method/memory.ts'
import type { Picture, Site } from '../../../pipeline/method/method.ts'
import { methodError } from '../../../pipeline/method/method-error.ts'
import { type GatheredTokens, regroup, type VisualTokens } from '../../../pipeline/method/visual-tokens.ts'
import {
  concat,
  constant,
  divideDim,
  expand,
  fixedDim,
  pad,
  reshape,
  slice,
  type Tensor,
  transpose,
} from '../../../tensor/index.ts'
import { compress } from './compressor.ts'

const ID = 'llava-mini'

/** Views that an image is seen as: r x r blocks and the whole; with r = 1 the whole alone. */
export const partsOf = (resolution: number): number => (resolution === 1 ? 1 : resolution ** 2 + 1)

/** Blocks of an image, row by row, and the whole behind them; of a video, those of each frame. */
export function blocksOf(views: readonly View[], { image, vision, name }: Picture, resolution: number): View[] {
  if (views.some(({ clip }) => clip))
    throw methodError(`${ID} cuts frames one by one, but ${name} encodes several as one; use resolution=1`)
  const images = image ? [image] : views.map((view) => view.image)
  return images.flatMap((each) => cut(each, vision.viewSize, resolution))
}

function cut(image: RgbImage, side: number, resolution: number): View[] {
  const { square, box } = squared(image)
  const large = resolution * side
  const blocks = cutTiles(resizeImage(square, large, large, 'bicubic'), side, box)
  return [...blocks, { image: square, width: side, height: side, box }]
}

/** An image in the middle of a black square, and which part of the image that shows. */
function squared(image: RgbImage): { square: RgbImage; box: Box } {
  const { width, height } = image
  const side = Math.max(width, height)
  const crop = {
    left: -Math.floor((side - width) / 2),
    top: -Math.floor((side - height) / 2),
    width: side,
    height: side,
  }
  return { square: cropImage(image, crop), box: partOf(wholeOf(image), image, crop) }
}

/** As many tokens as a view is to have; their values come from all views together. */
export function firstTokens(tokens: VisualTokens, count: number): VisualTokens {
  const patches = fixedDim(ID, tokens.states, 1)
  if (count > patches) throw methodError(`${ID} cannot make ${count} tokens of the ${patches} patches of a view`)
  const nearest = Array.from({ length: patches }, (_, patch) => Math.floor((patch * count) / patches))
  const assignment = expand(constant(nearest, [1, patches], 'i64'), [tokens.states.shape[0], patches])
  return regroup(tokens, slice(tokens.states, 1, 0, count), assignment, ID)
}

interface Blocks {
  readonly side: number
  readonly resolution: number
}

/** Z of the patches of all blocks, in the slots of the views; the patches that are left are brought into the same order. */
export function compressBlocks(tokens: GatheredTokens, at: Site, { side, resolution }: Blocks): GatheredTokens {
  const { blocks, patches, ...memory } = tokens.memory
  const [views, each, width] = tokens.states.shape
  const grid = resolution * Math.round(Math.sqrt(fixedDim(ID, blocks, 1)))
  const [raster] = inRaster(blocks, resolution)
  const Z = projected(at, compress(at.p, raster, { rows: grid, columns: grid }, side), side)
  const spare = Number(each) * partsOf(resolution) - side ** 2
  const states = slice(reshape(pad(Z, 1, 0, spare), [-1, each, width]), 0, 0, views)
  return { ...tokens, states, memory: { ...memory, patches: rearranged(patches, resolution) } }
}

/** Rows of blocks and wholes [f (r^2 + 1), n, d] -> of all blocks as one raster [f, r^2 n, d], and of the wholes [f, n, d]. */
function inRaster(rows: Tensor, resolution: number): [blocks: Tensor, whole: Tensor] {
  const parts = partsOf(resolution)
  const all = asPictures(rows, parts)
  const [frames, , count, width] = all.shape
  const grid = Math.round(Math.sqrt(Number(count)))
  if (grid ** 2 !== count) throw methodError(`${ID} reads square blocks, and ${count} patches make no square`)
  const apart = reshape(slice(all, 1, 0, parts - 1), [frames, resolution, resolution, grid, grid, width])
  const raster = reshape(transpose(apart, [0, 1, 3, 2, 4, 5]), [frames, (parts - 1) * grid ** 2, width])
  return [raster, reshape(slice(all, 1, parts - 1, parts), [frames, count, width])]
}

/** [f parts, n, d] -> [f, parts, n, d]. One view by itself, as models are traced with, stands for all of its picture. */
function asPictures(rows: Tensor, parts: number): Tensor {
  const [views, count, width] = rows.shape
  const frames = divideDim(views, parts)
  if (frames !== undefined) return reshape(rows, [frames, parts, count, width])
  if (views !== 1) throw methodError(`${ID} makes ${parts} views of each image, and here are ${views}`)
  return reshape(expand(rows, [parts, count, width]), [1, parts, count, width])
}

/** What \`leavePatches\` left, the features of blocks in the order of one raster; what tells views apart stays where it is. */
function rearranged(patches: Tensor, resolution: number): Tensor {
  const [views, count, width] = patches.shape
  const wide = Number(width) - PATCH_TAGS
  const raster = concat(inRaster(slice(patches, 2, 0, wide), resolution), 1)
  const features = slice(reshape(raster, [-1, count, wide]), 0, 0, views)
  return concat([features, slice(patches, 2, wide)], 2)
}

/** f(Z), by the projector of the model. */
function projected({ p, architecture }: Site, Z: Tensor, side: number): Tensor {
  const vision = { layers: [], patches: Z, special: 0, grid: { rows: side, columns: side } }
  const made = architecture.vision.connect(p.root(), Z, { vision })
  if ('assignment' in made || made.shape[1] !== Z.shape[1])
    throw methodError(
      `${ID} needs a projector of single tokens, and that of ${architecture.name} mixes them; use resolution=1`,
    )
  return made
}
