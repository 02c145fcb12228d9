import { z } from 'zod'
import { best, keepPatches } from '../../pipeline/method/choose.ts'
import { saliency } from '../../pipeline/method/encoder-signals.ts'
import { idsOption, keepSomeOption, visionLayerOption } from '../options.ts'
import { paper } from '../paper.ts'

/**
 * [CLS] Attention is All You Need for Training-Free Visual Token Pruning: Make VLM Inference Faster
 * 2024. https://arxiv.org/abs/2412.01818 (first version)
 */
export const fastervlm = paper({
  id: 'fastervlm',
  name: 'FasterVLM',
  title: '[CLS] Attention is All You Need for Training-Free Visual Token Pruning: Make VLM Inference Faster',
  role: 'algorithm',
  arxiv: '2412.01818',
  url: 'https://arxiv.org/abs/2412.01818',
  code: 'https://github.com/Theia-4869/FasterVLM',
  date: '2024-12',
  kind: ['reducer'],
  summary:
    'Attention from text to image inside a language model is scattered and biased; what the CLS token of the vision ' +
    'encoder attends to is neither. The patches it looks at most are kept before the language model, whatever the ' +
    'question, and nothing has to be trained.',
  equation: String.raw`s_j = \mathrm{mean}_h\, A_h[\mathrm{CLS},\, j],\qquad \text{stay: } \mathrm{top}_k\, s`,
  where:
    'A is the attention of the vision encoder at the layer of the features; the patches that stay do so in raster ' +
    'order.',
  differs: [
    'Patches are chosen before the connector, which computes the same for what is left.',
    'Positions close up as in the code of LLaVA; `ids=keep` is the Hugging Face form.',
    'Without CLS, s is the attention that all patches give, mean over queries.',
    'Each view has a budget of its own.',
  ],
  places: ['see.patches'],
  options: z.object({ keep: keepSomeOption(0.222), layer: visionLayerOption, ids: idsOption('pack') }),
  method: ({ layer, ...how }) => ({
    see: {
      patches: (tokens) => {
        const s = saliency(tokens, 'fastervlm', layer)
        return keepPatches(tokens, { ...how, by: 'fastervlm' }, (k) => best(s, k))
      },
    },
  }),
})
