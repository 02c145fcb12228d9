import type { Leaf } from '../../reports/leaf.ts'

/** Groups by what goes in and out, families by how image and text are brought together, and what is left to do. */
export const leaves: readonly Leaf[] = [
  {
    category: 'understanding: joint embedding',
    definition: 'image and text meet in one space; nothing is written',
    entries: ['notellm-2', 'vladva'],
    families: ['clip', 'siglip'],
  },
  {
    category: 'text out: several modalities in',
    definition: 'image, and perhaps video or sound, with text in, text out',
    entries: ['covlm', 'mqt', 'llava-mini'],
    families: ['llava', 'blip-2', 'instructblip', 'paligemma', 'qwen2_vl'],
  },
  {
    category: 'several out: several modalities in',
    definition: 'pictures, sound or boxes are produced as well as text',
    entries: ['liquid', 'lavit', 'slot-mllm', 'covlm'],
  },
  {
    category: 'fusion: linear layer or MLP',
    definition: 'each patch through one or two layers into the width of the language model; N tokens',
    entries: ['keep-all'],
    families: ['llava', 'paligemma'],
  },
  {
    category: 'fusion: neighbours joined, then a layer',
    definition: 'four neighbouring patches side by side through one layer; N / 4 tokens',
    entries: [],
    families: ['internvl', 'idefics3', 'qwen2_vl'],
  },
  {
    category: 'fusion: Q-Former',
    definition: 'learnt queries look at the patches; as many tokens as queries',
    entries: ['infmllm', 'x-former', 'lmeye'],
    families: ['blip-2', 'instructblip'],
  },
  {
    category: 'fusion: resampler or one cross-attention layer',
    definition: 'queries through cross-attention alone; as many tokens as queries',
    entries: ['mqt', 'llava-uhd'],
  },
  {
    category: 'fusion: gated cross-attention inside the language model',
    definition: 'the language model looks at the image between its layers, through gates that begin at 0; no tokens',
    entries: ['nvlm', 'crosslmm'],
  },
  {
    category: 'fusion: weights made of the image',
    definition: 'the image changes the language model itself; no tokens',
    entries: ['vlora'],
  },
  {
    category: 'fusion: several encoders',
    definition: 'features of more than one encoder side by side or mixed',
    entries: ['merv', 'cambrian-1', 'comm'],
  },
  {
    category: 'fusion: no encoder',
    definition: 'patches of pixels go into the language model as they are',
    entries: ['eve'],
    open: 'no family without an encoder loads here',
  },
  {
    category: 'direction: fine-grained evaluation',
    definition: 'of bias, leaks and what a score hides',
    entries: ['mmstar', 'intriguing', 'data-types', 'debias', 'damro'],
  },
  {
    category: 'direction: training efficiency',
    definition: 'few weights trained, few tokens read',
    entries: ['lora', 'yopo', 'videollm-mod'],
  },
  {
    category: 'direction: other languages',
    definition: 'questions and answers beyond English',
    entries: ['mblip'],
    open: 'the World asks in Spanish, and no paper about it runs yet',
  },
  {
    category: 'direction: continual learning and unlearning',
    definition: 'what was learnt is kept, or taken away, later',
    entries: [],
    open: 'no paper of the catalogue is about it',
  },
]
