import { z } from 'zod'
import { dialogueStage } from '../../training/dialogue-stage.ts'
import { inBlocks, lora as lowRank } from '../../training/lora.ts'
import { taskWeights } from '../../training/mini/questions.ts'
import { paper } from '../paper.ts'

/**
 * LoRA: Low-Rank Adaptation of Large Language Models
 * Hu et al. 2021, ICLR 2022. https://arxiv.org/abs/2106.09685
 */
export const lora = paper({
  id: 'lora',
  name: 'LoRA',
  title: 'LoRA: Low-Rank Adaptation of Large Language Models',
  role: 'algorithm',
  arxiv: '2106.09685',
  url: 'https://arxiv.org/abs/2106.09685',
  code: 'https://github.com/microsoft/LoRA',
  date: '2021-06',
  venue: 'ICLR 2022',
  kind: ['training'],
  summary:
    'Fine-tuning changes a weight matrix by little: by a product of two thin ones. Those alone are learnt, the matrix ' +
    'itself stays as it is, so that a task costs a hundredth of the weights, and pairs can be exchanged or merged.',
  equation: String.raw`h = W x + \frac{\alpha}{\text{rank}}\, B A x`,
  where: 'Equation 3. W stays, A and B are learned, and B is zero at the start.',
  places: ['read.linear', 'training'],
  options: z.object({
    rank: z.int().min(1).default(8).describe('inner width of each pair'),
    alpha: z.number().gt(0).default(16).describe('what the change counts for; it is divided by the rank'),
    targets: z
      .string()
      .regex(/^[\w/]+$/)
      .default('all')
      .describe('layers of the language model that get a pair: all, or the ends of their names, as q_proj/v_proj'),
  }),
  recipe: (options) => ({
    options,
    stages: [
      dialogueStage({
        name: 'tune',
        steps: 100,
        rate: 1e-3,
        method: { name: 'lora', read: { linear: stageOf(options) } },
        tasks: WEAK,
      }),
    ],
  }),
  method: (options) => ({ read: { linear: stageOf(options) } }),
})

/** What fovea-mini is worst at, most of the time; the rest so that it is not forgotten. */
const WEAK = { ...taskWeights, caption: 12, count: 8, read: 8 }

const stageOf = ({ rank, alpha, targets }: { rank: number; alpha: number; targets: string }) =>
  lowRank({ rank, alpha, match: matching(targets) })

function matching(targets: string): (weight: string) => boolean {
  if (targets === 'all') return inBlocks
  const names = targets.split('/').map((name) => `.${name}.weight`)
  return (weight) => inBlocks(weight) && names.some((name) => weight.endsWith(name))
}
