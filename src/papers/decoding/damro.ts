import { paper } from '../paper.ts'

/**
 * DAMRO: Dive into the Attention Mechanism of LVLM to Reduce Object Hallucination
 * 2024, EMNLP 2024. https://arxiv.org/abs/2410.04514
 */
export const damro = paper({
  id: 'damro',
  name: 'DAMRO',
  title: 'DAMRO: Dive into the Attention Mechanism of LVLM to Reduce Object Hallucination',
  arxiv: '2410.04514',
  url: 'https://arxiv.org/abs/2410.04514',
  code: 'https://github.com/coder-gx/DAMRO',
  date: '2024-10',
  venue: 'EMNLP 2024',
  kind: ['decoding', 'interpretability'],
  summary:
    'A few background patches soak up most of the CLS attention of a ViT, and the LLM looks at the same patches ' +
    'when it names objects that are not there. At every step the next-token scores are contrasted with those of a ' +
    'second prompt that sees only these outliers, which subtracts what they alone suggest. Fewer hallucinated ' +
    'objects, no training, two decoding branches.',
  places: ['see.layer', 'talk.logits'],
})
