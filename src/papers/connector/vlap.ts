import { paper } from '../paper.ts'

/**
 * Bridging Vision and Language Spaces with Assignment Prediction
 * 2024, ICLR 2024. https://arxiv.org/abs/2404.09632
 */
export const vlap = paper({
  id: 'vlap',
  name: 'VLAP',
  title: 'Bridging Vision and Language Spaces with Assignment Prediction',
  arxiv: '2404.09632',
  url: 'https://arxiv.org/abs/2404.09632',
  code: 'https://github.com/park-jungin/vlap',
  date: '2024-04',
  venue: 'ICLR 2024',
  kind: ['connector', 'training'],
  summary:
    'A linear connector trained on captions alone leaves image vectors far from words. VLAP assigns image and ' +
    'caption softly to the frozen word embeddings by optimal transport under word frequencies, and trains one ' +
    'linear layer to predict either assignment from the other modality. Projected images then live among words, ' +
    'and can be added to and subtracted from them.',
  places: ['see.connector', 'training'],
})
