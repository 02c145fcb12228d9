import { paper } from '../paper.ts'

/**
 * LaVCa: LLM-assisted Visual Cortex Captioning
 * 2025, ICLR 2026. https://arxiv.org/abs/2502.13606
 *
 * `w = ridge(X, Y)[v]`, the N images of largest `w . e`, their captions, the words these share, those of them with
 * `softmax(cos(text(k), w) / T)` above 1 / K, and a sentence around these by insertion. Whatever unit is a linear function of
 * an image embedding is put into words by `describe`.
 */
export const lavca = paper({
  id: 'lavca',
  name: 'LaVCa',
  title: 'LaVCa: LLM-assisted Visual Cortex Captioning',
  arxiv: '2502.13606',
  url: 'https://arxiv.org/abs/2502.13606',
  code: 'https://github.com/suyamat/LaVCa',
  date: '2025-02',
  venue: 'ICLR 2026',
  kind: ['interpretability', 'application', 'agent'],
  summary:
    'Puts into words what a brain voxel responds to. A linear map from CLIP predicts the voxel; the images ' +
    "predicted strongest are captioned, an LLM extracts shared keywords, and those nearest to the voxel's weights " +
    'guide a short sentence. More accurate and more varied than captioning the weights directly, and fit for ' +
    'whatever unit is a linear function of an image embedding.',
  equation: [
    'w_v = (X^\\top X + \\lambda_v I)^{-1} X^\\top y_v',
    'T_v = \\operatorname{top}_N(w_v \\cdot e_j)',
    'p_k = \\operatorname{softmax}_k(\\cos(t_k, w_v) / T)',
    's(t) = \\alpha P(t) + \\beta \\cos(\\mathrm{text}(c \\oplus t), w_v)',
  ].join('\n'),
  where:
    'X holds centred embeddings of the pictures that were shown, y_v what unit v answered, e_j embeddings of other pictures, ' +
    't_k the vector of a word that captions of the best pictures share, and c the sentence so far; words with p_k of at least ' +
    '1 over their number are kept, at most five, and stand in the sentence in their order.',
  differs: [
    'Voxels are units of Fovea World that answer to two of its colours and shapes each, so that words about them can be held to the truth; fMRI needs an agreement and is not read.',
    'Image embeddings are the mean of what the connector makes of the patches of a picture, of length 1, where the paper has CLIP.',
    'The text tower is a least-squares map from the words of captions to embeddings of their pictures, where the paper has the text half of CLIP; it is fitted on the pool alone.',
    'Shared keywords are counted (in three of ten captions at least), where the paper asks a language model.',
    'The sentence is filled in, between words that were never neighbours, by pairs of words counted in the captions, where the paper has CBART; the memory term of MeaCap is off.',
    'Sentences are compared with captions by tf-idf, where the paper has Sentence-BERT; pictures are not rendered from them.',
    'The temperature is 0.1, as cosines of this tower lie further apart than those of CLIP; the paper states none.',
  ],
  places: ['see.layer', 'talk.answer'],
  checks: async function* (lab) {
    yield* (await import('./lavca/checks.ts')).checks(lab)
  },
  run: async function* (lab) {
    if (lab.part === 'effect') yield* (await import('./lavca/effect.ts')).effect(lab)
  },
})
