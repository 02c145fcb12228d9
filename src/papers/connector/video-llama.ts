import { paper } from '../paper.ts'

/**
 * Video-LLaMA: An Instruction-tuned Audio-Visual Language Model for Video Understanding
 * 2023, EMNLP 2023. https://arxiv.org/abs/2306.02858
 */
export const videoLlama = paper({
  id: 'video-llama',
  name: 'Video-LLaMA',
  title: 'Video-LLaMA: An Instruction-tuned Audio-Visual Language Model for Video Understanding',
  arxiv: '2306.02858',
  url: 'https://arxiv.org/abs/2306.02858',
  code: 'https://github.com/DAMO-NLP-SG/Video-LLaMA',
  date: '2023-06',
  venue: 'EMNLP 2023',
  kind: ['connector', 'reducer', 'position', 'training'],
  summary:
    'Gives a frozen LLM moving pictures and sound with few trainable parameters. Every frame passes an image ' +
    'Q-Former, gets a learned time embedding, and a second Q-Former reads all frames into 32 tokens. Sound takes ' +
    'the same way through ImageBind, whose shared space lets that branch train on images alone.',
  places: ['see.connector', 'read.positions', 'training'],
})
