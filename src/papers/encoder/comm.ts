import { paper } from '../paper.ts'

/**
 * From CLIP to DINO: Visual Encoders Shout in Multi-modal Large Language Models
 * 2023. https://arxiv.org/abs/2310.08825
 */
export const comm = paper({
  id: 'comm',
  name: 'COMM',
  title: 'From CLIP to DINO: Visual Encoders Shout in Multi-modal Large Language Models',
  arxiv: '2310.08825',
  url: 'https://arxiv.org/abs/2310.08825',
  code: 'https://github.com/YuchenLiu98/COMM',
  date: '2023-10',
  kind: ['encoder', 'connector', 'interpretability'],
  summary:
    'The last CLIP layer alone loses where things are: shallow layers localise, deep ones name, and deep DINOv2 ' +
    'layers hold fine detail. COMM adds up the normalised features of all CLIP layers and of six DINOv2 layers ' +
    'with learned weights, aligns the latter with an MLP and concatenates both per patch. Grounding improves ' +
    'greatly at an unchanged number of tokens.',
  places: ['see.layer', 'see.connector'],
})
