import { paper } from '../paper.ts'

/**
 * From Image to Video, what do we need in multimodal LLMs?
 * 2024. https://arxiv.org/abs/2404.11865
 */
export const redVillm = paper({
  id: 'red-villm',
  name: 'RED-VILLM',
  title: 'From Image to Video, what do we need in multimodal LLMs?',
  arxiv: '2404.11865',
  url: 'https://arxiv.org/abs/2404.11865',
  date: '2024-04',
  kind: ['connector', 'reducer', 'training'],
  summary:
    'Turns an image LLM into a video LLM at little cost. Frame features are averaged over time into a spatial ' +
    'view and over patches into a temporal view; the first passes the existing alignment module, the second a ' +
    'plug-in of the same form, and both are concatenated. Tuned on few video instructions, with encoder and LLM ' +
    'frozen.',
  places: ['see.connector', 'training'],
})
