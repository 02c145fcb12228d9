import { z } from 'zod'
import { cellOfPatches } from '../../models/connectors/cells.ts'
import { EXPERTS, type ExpertKind, type ExpertSize, expertOf } from '../../models/vision/experts.ts'
import { multiScale } from '../../models/vision/multi-scale.ts'
import { linear } from '../../nn/index.ts'
import type { FurtherEncoder, PlaceFunctions } from '../../pipeline/method/method.ts'
import { patchGrid, regroup } from '../../pipeline/method/visual-tokens.ts'
import { fixedDim, gelu, slice, stopGradient } from '../../tensor/index.ts'
import { alignAndTune, dialogueStage } from '../../training/dialogue-stage.ts'
import { loraRank, tuned } from '../../training/lora.ts'
import { ownWeights } from '../../training/recipe.ts'
import { paper } from '../paper.ts'

const ID = 'llava-more'

const options = z.object({
  tower: z.enum(EXPERTS).default('clip').describe('the vision encoder in the place of that of the model'),
  size: z.enum(['small', 'paper']).default('small').describe('of it: as of the embedded model, or published'),
  scales: z
    .int()
    .min(1)
    .max(4)
    .default(3)
    .describe('S2: a picture is seen at 1, 2, ... times the side of the encoder; 1: at one scale'),
  lora: loraRank,
})

type Options = z.output<typeof options>

/**
 * LLaVA-MORE: A Comparative Study of LLMs and Visual Backbones for Enhanced Visual Instruction Tuning
 * 2025, ICCV Workshops 2025. https://arxiv.org/abs/2503.15621
 */
export const llavaMore = paper({
  id: ID,
  name: 'LLaVA-MORE',
  title: 'LLaVA-MORE: A Comparative Study of LLMs and Visual Backbones for Enhanced Visual Instruction Tuning',
  arxiv: '2503.15621',
  url: 'https://arxiv.org/abs/2503.15621',
  code: 'https://github.com/aimagelab/LLaVA-MORE',
  date: '2025-03',
  venue: 'ICCV Workshops 2025',
  kind: ['encoder', 'partition', 'training', 'evaluation'],
  summary:
    'Runs one fixed LLaVA-1.5 recipe over five LLMs and several vision towers, so that a difference comes from ' +
    'the part exchanged. Text-aligned towers beat DINOv2, SigLIP beats CLIP, and the source of alignment data ' +
    'matters for small LLMs only. A multi-scale wrapper, which encodes enlarged sub-images into extra channels, ' +
    'mainly helps reading.',
  equation: String.raw`
    F_k = \mathrm{area}\big(\mathrm{merge}(\mathrm{tower}(\mathrm{split}_{n_k \times n_k}(\mathrm{bicubic}(x, n_k s))))\big),\qquad n_k \in 1, \ldots, K
    \text{out} = W_2\, \mathrm{GELU}\big(W_1 [F_1, \ldots, F_K] + b_1\big) + b_2
  `,
  where:
    'x is the picture at the largest scale, s the side that the tower was trained on, F_k [n, C] what it makes of scale k, ' +
    'averaged to the grid of the smallest; channels of the K `scales` lie side by side. The number of tokens is that of one scale.',
  differs: [
    'The tower is one of the encoders that methods bring, CLIP, SigLIP or DINOv2 with registers, read at the layer before ' +
      'the last without the tokens before its patches. Its own preprocessing squeezes views into a square; the paper pads ' +
      'them in its second stage.',
    'Nobody publishes weights of small towers: one is trained first, at one scale, in the place of a published one. ' +
      'Which kind of tower is best, the main question of the paper, is thus not asked here, but what several scales add.',
    'Language model, template and label mask are those of the model that the method runs on; its own encoder is not run.',
    'Trained are then the projector, and after that the language model too, by LoRA; the tower is frozen.',
  ],
  places: ['see.connector', 'read.linear', 'training'],
  options,
  method: (options) => places(options),
  recipe: (options) => {
    const named = (functions: PlaceFunctions) => ({ name: ID, ...functions })
    const tower = dialogueStage({
      name: 'tower',
      steps: 300,
      rate: 3e-3,
      method: named(places({ ...options, lora: 0 }, 'tower')),
    })
    const trains = (weight: string) => ownWeights(weight) && !weight.includes('.encoders.')
    return { options, stages: [tower, ...alignAndTune({ rate: 3e-3, method: named(places(options)), trains })] }
  },
  run: async function* (lab) {
    if (lab.part !== 'effect') return
    const { contrasts } = await import('../reports/contrast.ts')
    const [first, other, tasks] = [{ scales: 2 }, { scales: 1 }, ['read', 'bar']]
    yield* contrasts(lab, [{ claim: 'two scales read better than one', first, other, tasks, least: 3 }])
  },
})

/** @param trained what of it is trained: the tower, at one scale of several, or what comes behind it */
function places({ tower, size, scales, lora }: Options, trained: 'tower' | 'projector' = 'projector'): PlaceFunctions {
  const all = Array.from({ length: scales }, (_, at) => at + 1)
  const encoder = towerAt(tower, size, trained === 'tower' ? [1] : all)
  return {
    needs: { encoders: { tower: encoder } },
    see: {
      connector: (tokens, _next, { p, architecture }) => {
        const grid = patchGrid(tokens, ID)
        const { outputs, special, grid: seen } = tokens.encoders.tower
        const read = slice(outputs[Math.max(0, outputs.length - 2)].states, 1, special)
        const F = trained === 'tower' ? read : stopGradient(read) // [b, n, K C]
        const [D, C] = [architecture.language.hiddenSize, fixedDim(ID, F, 2)]
        // The tower alone is what the first columns are for: those of the smallest scale.
        const whole = trained === 'tower' && all.length > 1 ? ([D, C * all.length] as const) : undefined
        const out = linear(p.at('fc2'), gelu(linear(p.at('fc1'), F, D, true, whole)), D)
        return regroup(tokens, out, cellOfPatches(out.shape[0], grid, seen.rows), ID)
      },
    },
    read: tuned(lora),
  }
}

/** What sees views as squares of the largest scale. */
function towerAt(kind: ExpertKind, size: ExpertSize, scales: readonly number[]): FurtherEncoder {
  const { tower, side, processor } = expertOf(kind, size)
  return { tower: multiScale(tower, side, scales), side: side * Math.max(...scales), processor }
}
