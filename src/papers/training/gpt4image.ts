import { paper } from '../paper.ts'

/**
 * GPT4Image: Can Large Pre-trained Models Help Vision Models on Perception Tasks?
 * Third version: Large Pre-trained Models Help Vision Models Learn Better on Perception Task.
 * 2023. https://arxiv.org/abs/2306.00693
 */
export const gpt4image = paper({
  id: 'gpt4image',
  name: 'GPT4Image',
  title: 'GPT4Image: Can Large Pre-trained Models Help Vision Models on Perception Tasks?',
  arxiv: '2306.00693',
  url: 'https://arxiv.org/abs/2306.00693',
  code: 'https://github.com/huawei-noah/Efficient-Computing',
  date: '2023-06',
  kind: ['training', 'encoder'],
  summary:
    'A class index says little about a picture. A multimodal LLM writes one description per training image, a ' +
    'frozen CLIP text encoder embeds the descriptions, and a plain image classifier learns its labels while its ' +
    'feature is pulled towards the description of the same image by a contrastive loss. The extra head is dropped ' +
    'afterwards, so inference costs nothing more.',
  places: ['see.layer', 'training'],
})
