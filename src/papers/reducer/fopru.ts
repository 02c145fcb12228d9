import { paper } from '../paper.ts'

/**
 * FoPru: Focal Pruning for Efficient Large Vision-Language Models
 * 2024. https://arxiv.org/abs/2411.14164
 */
export const fopru = paper({
  id: 'fopru',
  name: 'FoPru',
  title: 'FoPru: Focal Pruning for Efficient Large Vision-Language Models',
  arxiv: '2411.14164',
  url: 'https://arxiv.org/abs/2411.14164',
  date: '2024-11',
  kind: ['reducer'],
  summary:
    "The vision encoder's own attention already tells which patches matter. Each patch is scored by the attention " +
    'it receives or gives, whichever profile varies more; the best patches, or whole grid rows, are kept in ' +
    'raster order and the rest never reaches the connector. No training and no look at the question; a quarter of ' +
    'the tokens costs about a point.',
  places: ['see.layer', 'see.tokens'],
})
