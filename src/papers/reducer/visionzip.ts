import { z } from 'zod'
import { zipPatches } from '../../pipeline/method/contextual.ts'
import { idsOption, keepSomeOption, mergingOption, visionLayerOption } from '../options.ts'
import { paper } from '../paper.ts'

/**
 * VisionZip: Longer is Better but Not Necessary in Vision Language Models
 * Yang et al. 2024, CVPR 2025. https://arxiv.org/abs/2412.04467
 */
export const visionzip = paper({
  id: 'visionzip',
  name: 'VisionZip',
  title: 'VisionZip: Longer is Better but Not Necessary in Vision Language Models',
  role: 'algorithm',
  arxiv: '2412.04467',
  url: 'https://arxiv.org/abs/2412.04467',
  code: 'https://github.com/dvlab-research/VisionZip',
  date: '2024-12',
  venue: 'CVPR 2025',
  reported: { 'time of the prefill': { value: 0.125, unit: 'x', where: 'abstract: 8 x as fast' } },
  kind: ['reducer'],
  summary:
    'The vision encoder itself says which patches matter: those that CLS attends to stay as dominant tokens, and the many ' +
    'others are merged by key similarity into a few contextual ones. The choice is independent of the question, so it is ' +
    'made once per image, before the language model.',
  equation: String.raw`
    \text{dominant} = \mathrm{top}_D\, A[\mathrm{CLS},\, j]
    \text{targets} = \text{every } \lfloor R / C \rfloor\text{-th of the rest},\qquad \hat{x}_c = x_c + \mathrm{mean}\{\, x_j : c = \arg\max_{c'} \cos(k_j, k_{c'}) \,\}
  `,
  where:
    'A is the attention of the vision encoder, k its keys as projected, mean over heads. D patches stay as they ' +
    'are; the R others become C contextual tokens.',
  differs: [
    'The presets of the paper, dominant + contextual of 576, 162 + 30 (keep=1/3), 108 + 20 (2/9) and 54 + 10 ' +
      '(1/9), all follow from 0.15625 contextual ones.',
    'Each view has a budget of its own; equal scores count from the first patch.',
    'CLS, where the connector takes it beside the patches, stays and counts.',
    'Without CLS, patches are scored by the attention that all give them; where several patches are folded into ' +
      'one token, scores and keys are their means.',
    'Merging comes before the connector on every family; the released code merges nothing on LLaVA-NeXT ' +
      '(`merging=none`), and behind the connector on Qwen2.5-VL.',
    'A contextual token stands where its target stood.',
  ],
  places: ['see.patches'],
  options: z.object({
    keep: keepSomeOption(0.25),
    contextual: z.number().min(0).max(1).default(0.15625).describe('share of those tokens that are merged ones'),
    merging: mergingOption,
    layer: visionLayerOption,
    ids: idsOption('pack'),
  }),
  method: (options) => ({ see: { patches: (tokens) => zipPatches(tokens, { ...options, by: 'visionzip' }) } }),
})
