import { z } from 'zod'
import {
  attentionWeights,
  layerNormed,
  linear,
  mergeHeads,
  normal,
  splitHeads,
  startingAt,
  truncatedNormal,
} from '../../nn/index.ts'
import type { PlaceFunctions, Site } from '../../pipeline/method/method.ts'
import { methodError } from '../../pipeline/method/method-error.ts'
import { assertPatches, regroup, type VisualTokens } from '../../pipeline/method/visual-tokens.ts'
import { i64 } from '../../runtime/index.ts'
import {
  add,
  argmax,
  constant,
  expand,
  fixedDim,
  gather,
  input,
  interpolate,
  matmul,
  mean,
  reshape,
  slice,
  type Tensor,
  transpose,
} from '../../tensor/index.ts'
import { dialogueStage } from '../../training/dialogue-stage.ts'
import { inBlocks, isLora, lora } from '../../training/lora.ts'
import { ownWeights } from '../../training/recipe.ts'
import { Rng } from '../../world/index.ts'
import { paper } from '../paper.ts'
import { queryCount, sineTable } from './mqt/queries.ts'

const options = z.object({
  m: z.int().min(1).optional().describe('visual tokens, the first of the queries; all of them unless given'),
  heads: z.int().min(1).default(16).describe('attention heads, a divisor of the width of the vision encoder'),
  keys: z.enum(['fixed', 'content']).default('fixed').describe('what queries look at: places alone, or patches too'),
  rank: z.int().min(1).default(16).describe('of the LoRA pairs that the language model is trained with'),
  trained: z.enum(['elastic', 'whole']).default('elastic').describe('with m drawn anew at each step, or always all'),
})

type Options = z.output<typeof options>

/**
 * Matryoshka Query Transformer for Large Vision-Language Models
 * Hu et al. 2024, NeurIPS 2024. https://arxiv.org/abs/2405.19315
 */
export const mqt = paper({
  id: 'mqt',
  name: 'MQT-LLaVA',
  title: 'Matryoshka Query Transformer for Large Vision-Language Models',
  arxiv: '2405.19315',
  url: 'https://arxiv.org/abs/2405.19315',
  code: 'https://github.com/gordonhu608/MQT-LLaVA',
  date: '2024-05',
  venue: 'NeurIPS 2024',
  kind: ['connector', 'reducer', 'training'],
  summary:
    'One model, any number of visual tokens. A one-layer resampler has 256 ordered queries, and each training ' +
    'step uses only the first m of them, m drawn at random, so early queries learn the gist and later ones ' +
    'refine. At inference m is a free knob: 256 tokens match the 576 of LLaVA-1.5, and 16 lose 2.4 points on ' +
    'MMBench.',
  equation: String.raw`Z = \mathrm{MHA}\big(\mathrm{ln}_q(Q_{1..m} + E_M),\ \mathrm{ln}_k(E_N),\ \mathrm{ln}_v(X)\big),\qquad \text{out} = Z P`,
  where:
    'X are the patches, Q the first m of M learned queries, E_M a table of sines and cosines and E_N the same ' +
    'table resized to the patches. In training m is drawn anew at each step, so that any number of queries can be ' +
    'asked for later.',
  differs: [
    'With `keys=content`, q = ln_q(Q) + E_M and k = ln_k(X W) + E_N.',
    'The language model, which the paper trains as a whole, is trained by LoRA.',
  ],
  places: ['see.connector', 'read.linear', 'training'],
  options,
  method: (chosen) =>
    places(chosen, (Q) => {
      const [M, m = M] = [fixedDim('mqt', Q, 0), chosen.m]
      if (m > M) throw methodError(`mqt: m=${m}, but for this model there are ${M} queries; m goes from 1 to ${M}`)
      return slice(Q, 0, 0, m)
    }),
  run: async function* (lab) {
    if (lab.part === 'effect') yield* (await import('./mqt/effect.ts')).effect(lab)
  },
  recipe: ({ m: _, ...bound }) => {
    // The number of queries is a size of the inputs: one program for all of them.
    const method = { name: 'mqt', ...places(bound, (Q) => gather(Q, input('queries', ['m'], 'i64'))) }
    const draw = bound.trained === 'elastic' ? drawnQueries : (_: number, M: number) => M
    const stage = (name: string, steps: number, count: typeof draw, trains: (weight: string) => boolean) =>
      dialogueStage({
        name,
        steps,
        rate: 3e-3,
        method,
        trains,
        visual: (step, { seed, architecture }) => count(step, queryCount(architecture), seed),
        inputs: (step, { seed, architecture }) => {
          const m = count(step, queryCount(architecture), seed)
          return { queries: i64([m], [...Array(m).keys()]) }
        },
      })
    return {
      options: bound,
      stages: [
        stage(
          'align',
          150,
          (_, M) => M,
          (weight) => ownWeights(weight) && !isLora(weight),
        ),
        stage('tune', 500, draw, ownWeights),
      ],
    }
  },
})

/** An even number of queries, 2 to M, each as likely. */
export const drawnQueries = (step: number, M: number, seed: number): number =>
  2 * Rng.from(seed, 'mqt', step).int(1, Math.floor(M / 2))

const places = ({ rank, ...options }: Omit<Options, 'm'>, choose: (Q: Tensor) => Tensor): PlaceFunctions => ({
  see: { connector: (tokens, _, site) => resample(tokens, options, choose, site) },
  read: { linear: lora({ rank, alpha: 2 * rank, match: inBlocks }) },
})

/** Patch tokens [b, n, C] -> the chosen queries' view of them, [b, m, D]. */
function resample(
  tokens: VisualTokens,
  { heads, keys }: Pick<Options, 'heads' | 'keys'>,
  choose: (Q: Tensor) => Tensor,
  { p, architecture }: Site,
): VisualTokens {
  assertPatches(tokens, 'mqt')
  const { states: X, vision } = tokens
  const [C, D, M] = [fixedDim('mqt', X, 2), architecture.language.hiddenSize, queryCount(architecture)]
  const { rows, columns } = vision.grid
  if (rows * columns !== X.shape[1])
    throw methodError('mqt: the patches of this model are not one grid of a still image')
  if (C % heads !== 0 || C % 4 !== 0)
    throw methodError(`mqt: ${heads} heads do not divide the ${C} channels of a patch`)

  const side = Math.sqrt(M)
  const table = constant(sineTable(side, C), [C, side, side])
  const E_M = choose(inRows(table)) // [m, C]
  const E_N = inRows(interpolate(table, [rows, columns], { mode: 'bicubic' })) // [n, C]
  const Q = choose(p('queries', [M, C], truncatedNormal(0.02)))
  const norm = (name: string, x: Tensor) => layerNormed(p.at(name), x, 1e-6)
  const q = keys === 'fixed' ? norm('ln_q', add(Q, E_M)) : add(norm('ln_q', Q), E_M)
  const k = keys === 'fixed' ? norm('ln_k', E_N) : add(norm('ln_k', linear(p.at('content'), X, C, false)), E_N)
  const v = norm('ln_v', X)

  const split = (name: string, x: Tensor) => splitHeads(linear(p.at(name), batched(x), C), heads)
  const A = attentionWeights(...(same(split('q', q), split('k', k)) as [Tensor, Tensor])) // [1 or b, h, m, n]
  const Z = linear(p.at('out'), mergeHeads(matmul(A, split('v', v))), C)
  const out = linear(startingAt(p.at('projection'), normal(D ** -0.5)), Z, D, false)
  const nearest = argmax(transpose(mean(A, 1)), -1) // the query that looks at each patch most, [1 or b, n]
  return regroup(tokens, out, expand(nearest, [X.shape[0], X.shape[1]]), 'mqt')
}

/** [n, C] -> [1, n, C]; what has a batch stays. */
const batched = (x: Tensor): Tensor => (x.shape.length === 3 ? x : reshape(x, [1, ...x.shape]))

/** Queries [1, h, m, d] for as many images as there are keys. */
const same = (q: Tensor, k: Tensor): Tensor[] => [expand(q, [k.shape[0], ...q.shape.slice(1)]), k]

/** [C, rows, columns] -> [rows columns, C]. */
const inRows = (table: Tensor): Tensor => transpose(reshape(table, [table.shape[0], -1]))
