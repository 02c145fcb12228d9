import { z } from 'zod'
import { gridViews } from '../../models/views/nearest-grid.ts'
import type { View } from '../../models/views/view.ts'
import type { PlaceFunctions, SeeSide } from '../../pipeline/method/method.ts'
import { methodError } from '../../pipeline/method/method-error.ts'
import { alignAndTune } from '../../training/dialogue-stage.ts'
import { optionalLoraRank, tuned } from '../../training/lora.ts'
import { paper } from '../paper.ts'
import { crossAttention, hybrid } from './nvlm/cross-attention.ts'

const options = z.object({
  tiles: z.int().min(1).max(99).default(6).describe('most tiles that an image is cut into, without the thumbnail'),
  tags: z.enum(['number', 'grid', 'box', 'none']).default('number').describe('what announces a tile'),
  thumbnail: z
    .enum(['tile_global_thumbnail', 'tile_global'])
    .default('tile_global_thumbnail')
    .describe('tag of the whole image; which one depends on the language model'),
  form: z
    .enum(['decoder', 'cross', 'hybrid'])
    .default('decoder')
    .describe(
      'D: tokens of tiles stand in the sequence; X: text looks at them through gated cross-attention; H: only the thumbnail stands in it',
    ),
  every: z
    .int()
    .min(1)
    .optional()
    .describe('s: every so many layers text looks at the tiles; unless given so that it does so ten times'),
  lora: optionalLoraRank,
})

/**
 * NVLM: Open Frontier-Class Multimodal LLMs
 * Dai et al. 2024. https://arxiv.org/abs/2409.11402
 */
export const nvlm = paper({
  id: 'nvlm',
  name: 'NVLM',
  title: 'NVLM: Open Frontier-Class Multimodal LLMs',
  arxiv: '2409.11402',
  url: 'https://arxiv.org/abs/2409.11402',
  code: 'https://github.com/NVIDIA/Megatron-LM',
  date: '2024-09',
  kind: ['partition', 'connector', 'position', 'training', 'evaluation'],
  summary:
    'Compares three ways to hand image tiles to an LLM: in the sequence, through gated cross-attention, or the ' +
    'thumbnail in sequence and the tiles through cross-attention. Plain-text tags that number the tiles beat no ' +
    'tags, grids and boxes, most of all for reading. Good text data in tuning keeps text skill without freezing ' +
    'the LLM.',
  equation: String.raw`
    \text{D: } (m, n) = \arg\min_{m n \le 6} \left| \frac{m}{n} - \frac{W}{H} \right|,\qquad [\,\langle \text{tile}_1 \rangle\, V_1\ \ldots\ \langle \text{tile}_{m n} \rangle\, V_{m n}\ \langle \text{thumbnail} \rangle\, V_0 ;\ T\,]
    \text{X: } h \leftarrow h + \tanh(g)\, \mathrm{CrossAttn}(\mathrm{Norm}(h),\ [V_1 ; \ldots ; V_{m n} ; V_0]) \quad \text{before every } s\text{-th layer}
    \text{H: } V_0 \text{ in the sequence, } h \leftarrow h + \tanh(g)\, \mathrm{CrossAttn}(\mathrm{Norm}(h),\ [t_1 ; V_1 ; \ldots ; t_{m n} ; V_{m n}])
  `,
  where:
    'Sections 4.1 and 4.2. W and H are the sides of the image, m columns and n rows of tiles, V_i the tokens ' +
    "of tile i and V_0 those of the whole image at the encoder's own size, t_i the row of a tile's tag; g " +
    'begins at 0. Tags of D are plain text.',
  differs: [
    'Grids of as many tiles are tried with few columns first; the thumbnail is last, as in the code and not ' +
      'as in the figure; an image of one tile is the thumbnail alone.',
    'Tags are tokenized together with all other text of the image, so lengths of tags may differ, and any ' +
      'number of images may have them.',
    'Where a family marks tiles itself, these tags take the place of its own, and what it writes around a ' +
      'whole image stays.',
    'Boxes are in thousandths of the sides, columns and rows count from 0.',
    'In `form=cross` tiles take no slots: a tag looks at its own tile, text behind it at all so far, text ' +
      "before at nothing. The blocks were never published, and tags are words of the method's own, since the " +
      'mask has to find them.',
    "In `form=hybrid` the tokens of the thumbnail stand behind their tag, a word of the method's own; from " +
      'that tag on all slots, thumbnails too, look at the tiles of the images so far.',
    'The encoder is frozen, the language model is trained by LoRA; text without pictures is not mixed in.',
  ],
  places: ['see.views', 'training'],
  options,
  recipe: (asked) => {
    const options = { ...asked, lora: asked.lora || RANK }
    const { form, tags, tiles, thumbnail, lora } = options
    return {
      options: { form, tags, thumbnail, lora, ...(form !== 'decoder' && { tiles }) },
      stages: alignAndTune({ rate: 3e-3, method: { name: 'nvlm', ...places(options) } }),
    }
  },
  method: (options) => places(options),
})

type Options = z.output<typeof options>

/** Of the pairs that the recipe trains, where none is asked for. */
const RANK = 16

function places(options: Options): PlaceFunctions {
  const { form, lora } = options
  const see = { views: tiled(options) }
  if (form === 'decoder')
    return { ...(lora === 0 && { needs: { untrained: true } }), see, ...(lora > 0 && { read: tuned(lora) }) }
  const words = wordsOf(options)
  const crossed = form === 'cross' ? crossAttention(words, options) : hybrid(words.slice(-1), options)
  return { ...crossed, see: { ...see, ...crossed.see }, read: { ...crossed.read, ...tuned(lora) } }
}

/** Tags as words, which cross-attention is masked by. Throws FoveaError `method_unfit` for tags that are no numbers. */
function wordsOf({ form, tags, tiles, thumbnail }: Options): string[] {
  if (tags !== 'number') throw methodError(`nvlm: form=${form} tells tiles by their numbers, not by tags=${tags}`)
  const layout = { columns: tiles, rows: 1, digits: digitsOf(tiles) }
  const numbered = Array.from({ length: tiles }, (_, tile) => TAGS.number(0, tile, layout))
  return [...numbered, `<${thumbnail}>`]
}

const digitsOf = (tiles: number): number => (tiles < 10 ? 1 : 2)

/** The tiles of an image, each with its tag, and the whole of it behind them. */
const tiled =
  ({ form, tiles, tags, thumbnail }: Options): NonNullable<SeeSide['views']> =>
  (views, { image, vision: { viewSize: tile } }) => {
    if (!image) return views // the paper has no videos
    const own = gridViews(image, { tile, least: 1, most: tiles })
    const tag = tags === 'none' ? () => '' : tagOf(TAGS[tags], own, { thumbnail, digits: digitsOf(tiles) })
    return own.map((view, at) => {
      const [opening, closing] = [at === 0 ? '<Image>' : '', at === own.length - 1 ? '</Image>' : '']
      const isBeside = form === 'hybrid' && view.tile !== undefined
      return { ...view, text: { before: opening + (isBeside ? '' : tag(view)), after: closing } }
    })
  }

interface Layout {
  readonly columns: number
  readonly rows: number
  /** Of the number of a tile. */
  readonly digits: number
}

/** Which tile of an image it is, counted from 0, as a tag. */
type Tag = (row: number, column: number, layout: Layout) => string

const TAGS: Readonly<Record<'number' | 'grid' | 'box', Tag>> = {
  number: (row, column, { columns, digits }) => `<tile_${`${row * columns + column + 1}`.padStart(digits, '0')}>`,
  grid: (row, column) => `<tile_x${column}_y${row}>`,
  box: (row, column, { columns, rows }) => {
    const corner = (x: number, y: number) => `(${Math.round((1000 * x) / columns)},${Math.round((1000 * y) / rows)})`
    return `<box>${corner(column, row)},${corner(column + 1, row + 1)}</box>`
  },
}

function tagOf(tag: Tag, views: readonly View[], { thumbnail, digits }: { thumbnail: string; digits: number }) {
  const largest = (side: 'row' | 'column') => Math.max(...views.map(({ tile }) => tile?.[side] ?? 0))
  const layout = { columns: largest('column'), rows: largest('row'), digits }
  return ({ tile }: View) => (tile ? tag(tile.row - 1, tile.column - 1, layout) : `<${thumbnail}>`)
}
