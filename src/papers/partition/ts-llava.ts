import { paper } from '../paper.ts'

/**
 * TS-LLaVA: Constructing Visual Tokens through Thumbnail-and-Sampling for Training-Free Video Large Language Models
 * 2024. https://arxiv.org/abs/2411.11066
 */
export const tsLlava = paper({
  id: 'ts-llava',
  name: 'TS-LLaVA',
  title:
    'TS-LLaVA: Constructing Visual Tokens through Thumbnail-and-Sampling for Training-Free Video Large Language Models',
  arxiv: '2411.11066',
  url: 'https://arxiv.org/abs/2411.11066',
  code: 'https://github.com/tingyu215/TS-LLaVA',
  date: '2024-11',
  kind: ['partition', 'reducer', 'application'],
  summary:
    'Lets an image model watch video as it is. A few equidistant frames are tiled into one thumbnail image, sharp ' +
    'in space, and about every tenth token of all frames is kept, dense in time; both are concatenated and fit a ' +
    '4096-token context. With no training at all, a 34B image model comes out above GPT-4V on MVBench.',
  places: ['see.views', 'see.tokens'],
})
