import { paper } from '../paper.ts'

/**
 * mBLIP: Efficient Bootstrapping of Multilingual Vision-LLMs
 * 2023, ALVR Workshop 2024. https://arxiv.org/abs/2307.06930
 */
export const mblip = paper({
  id: 'mblip',
  name: 'mBLIP',
  title: 'mBLIP: Efficient Bootstrapping of Multilingual Vision-LLMs',
  arxiv: '2307.06930',
  url: 'https://arxiv.org/abs/2307.06930',
  code: 'https://github.com/gregor-ge/mBLIP',
  date: '2023-07',
  venue: 'ALVR Workshop 2024',
  kind: ['training', 'evaluation'],
  summary:
    'Keeps the vision half of an English BLIP-2 and attaches it to a multilingual LLM, using some 2.5 million ' +
    'images with texts machine-translated into 95 languages. Q-Former, projection and LoRA, about 124 M ' +
    'parameters, are trained over a quantized LLM on consumer GPUs. The result captions and answers in 96 ' +
    'languages, far better than English-only models.',
  places: ['see.connector', 'read.linear', 'training', 'evaluation'],
})
