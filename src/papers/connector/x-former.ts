import { paper } from '../paper.ts'

/**
 * X-Former: Unifying Contrastive and Reconstruction Learning for MLLMs
 * 2024, ECCV 2024. https://arxiv.org/abs/2407.13851
 */
export const xFormer = paper({
  id: 'x-former',
  name: 'X-Former',
  title: 'X-Former: Unifying Contrastive and Reconstruction Learning for MLLMs',
  arxiv: '2407.13851',
  url: 'https://arxiv.org/abs/2407.13851',
  date: '2024-07',
  venue: 'ECCV 2024',
  kind: ['connector', 'encoder', 'training'],
  summary:
    'CLIP features know what, masked-autoencoder features know the fine detail, and concatenating them gains ' +
    'nothing. In X-Former, MAE tokens first attend to what the Q-Former found, held to their detail by a ' +
    'reconstruction loss, and the queries then attend to the enriched MAE tokens. Still 32 tokens; counting ' +
    'improves most.',
  places: ['see.layer', 'see.connector', 'training'],
})
