import { z } from 'zod'
import { crossAttention, headsFor, layerNormed, linear, type Scope, truncatedNormal } from '../../nn/index.ts'
import type { PlaceFunctions } from '../../pipeline/method/method.ts'
import { methodError } from '../../pipeline/method/method-error.ts'
import { type PooledGrid, poolTokens } from '../../pipeline/method/pool.ts'
import { patchGrid, type VisualTokens } from '../../pipeline/method/visual-tokens.ts'
import { expand, fixedDim, gelu, type Tensor } from '../../tensor/index.ts'
import { dialogueStage } from '../../training/dialogue-stage.ts'
import { inBlocks, isLora, loraRank, tuned } from '../../training/lora.ts'
import { ownWeights } from '../../training/recipe.ts'
import { cosine } from '../../training/schedules.ts'
import { paper } from '../paper.ts'

const ID = 'infmllm'

const options = z.object({
  side: z
    .int()
    .min(1)
    .optional()
    .describe('P: a view becomes P x P tokens; half of its patches along a side unless given, as 16 of 32'),
  adapter: z
    .enum(['pool', 'queries'])
    .default('pool')
    .describe('means over cells, or as many learned queries that look at all patches, to compare with'),
  lora: loraRank,
})

type Options = z.output<typeof options>

/**
 * InfMLLM: A Unified Framework for Visual-Language Tasks
 * 2023. https://arxiv.org/abs/2311.06791
 */
export const infmllm = paper({
  id: ID,
  name: 'InfMLLM',
  title: 'InfMLLM: A Unified Framework for Visual-Language Tasks',
  arxiv: '2311.06791',
  url: 'https://arxiv.org/abs/2311.06791',
  code: 'https://github.com/infly-ai/INF-MLLM',
  date: '2023-11',
  kind: ['connector', 'reducer', 'training'],
  summary:
    "Resamplers with learned queries scramble where things are, which hurts grounding. InfMLLM's pool-adapter is " +
    'the simplest reducer that keeps positions: average-pool the patch grid to a smaller grid, then a two-layer ' +
    'MLP. Trained in three stages, one 7B model captions, answers questions and writes boxes as plain numbers, ' +
    'ahead of Qwen-VL on RefCOCO.',
  equation: String.raw`
    Y_{ij} = \frac{1}{r^2} \sum_{u < r,\, v < r} X_{i r + u,\, j r + v},\qquad r = s / P
    Z = W_2\, \mathrm{GELU}(W_1 Y + b_1) + b_2
  `,
  where:
    'X are the s x s patches of a view without CLS, Y the P x P means over cells of r x r, in raster order. The MLP ' +
    'comes behind the pooling, so it costs P^2 tokens.',
  differs: [
    'Where the grid is no square, or `side` is not given, cells are the smallest squares that part it without a rest; ' +
      'a `side` that leaves a rest is refused.',
    'Patches are what the connector of the model takes, with the norm that it takes them with; the paper puts a ' +
      'LayerNorm behind an encoder that has none.',
    'Views are cut and resized as the model does; a mini sees a square stretched, as the multitask model of the paper.',
    'Boxes are written as the World writes them, in whole thousandths, and read by a pattern that takes the whole ' +
      'answer; the released one reads 0.034 as 34 and no 1.0.',
    '`queries` is the resampler that the paper compares with: one layer of cross-attention before the same MLP.',
    'Trained are the adapter, then the encoder, the adapter and the query and value matrices of the language model, ' +
      'then the adapter and the language model, by LoRA; the rates of the stages are not published.',
  ],
  places: ['see.connector', 'read.linear', 'training'],
  options,
  method: (options) => places(options),
  recipe: ({ side, ...rest }) => {
    const method = { name: ID, ...places({ side, ...rest }) }
    const stage = (name: string, steps: number, trains: (weight: string) => boolean) => {
      const schedule = cosine(Math.min(30, Math.ceil(steps / 10)), 0.1)
      // The encoder that the second stage leaves is another, so that nothing can be kept of it.
      return dialogueStage({ name, steps, rate: 3e-3, method, trains, schedule, drawn: name !== 'align' })
    }
    const stages = [
      stage('align', 150, isAdapter),
      stage('multitask', 150, (weight) => isAdapter(weight) || isEncoder(weight) || isQueryOrValue(weight)),
      stage('instruct', 350, ownWeights),
    ]
    return { options: { ...(side && { side }), ...rest }, stages }
  },
  run: async function* (lab) {
    if (lab.part !== 'effect') return
    const { contrasts } = await import('../reports/contrast.ts')
    const [first, other] = [{ adapter: 'pool' }, { adapter: 'queries' }]
    yield* contrasts(lab, [
      { claim: 'pooling finds boxes better than queries', first, other, tasks: ['box'], least: 10 },
      { claim: 'pooling tells colours as queries do', first, other, tasks: ['color'], least: -3 },
    ])
  },
})

const isAdapter = (weight: string): boolean => ownWeights(weight) && !isLora(weight)
const isEncoder = (weight: string): boolean => /(^|\.)vision_(tower|model)\./.test(weight)
const isQueryOrValue = (weight: string): boolean =>
  !ownWeights(weight) && !isEncoder(weight) && inBlocks(weight) && /\.[qv]_proj\./.test(weight)

const places = ({ side, adapter, lora }: Options): PlaceFunctions => ({
  see: {
    connector: (tokens, _next, { p, architecture }) => {
      const pooled = poolTokens(tokens, cellsOf(patchGrid(tokens, ID), side), ID)
      const Y = adapter === 'pool' ? pooled.states : resampled(p, tokens, Number(pooled.states.shape[1]))
      const d = architecture.language.hiddenSize
      return { ...pooled, states: linear(p.at('fc2'), gelu(linear(p.at('fc1'), Y, d)), d) }
    },
  },
  read: tuned(lora),
})

/** Cells of equal size: P x P of them, or the largest grid that squares of patches part into. */
export function cellsOf({ rows, columns }: PooledGrid, P?: number): PooledGrid {
  if (P === undefined) {
    const r = [...Array(Math.min(rows, columns)).keys()]
      .map((at) => at + 1)
      .find((r) => r > 1 && !(rows % r || columns % r))
    return { rows: rows / (r ?? 1), columns: columns / (r ?? 1) }
  }
  if (rows % P || columns % P)
    throw methodError(`${ID}: side=${P} does not divide the ${rows} x ${columns} patches of a view into equal cells`)
  return { rows: P, columns: P }
}

/** What as many learned queries find in all patches [b, n, d]: [b, count, d]. */
function resampled(p: Scope, { states }: VisualTokens, count: number): Tensor {
  const d = fixedDim(ID, states, 2)
  const queries = expand(p('queries', [1, count, d], truncatedNormal(0.02)), [states.shape[0], count, d])
  const x = layerNormed(p.at('norm'), states)
  return crossAttention(p.at('attention'), queries, x, x, { heads: headsFor(d), bias: true })
}
