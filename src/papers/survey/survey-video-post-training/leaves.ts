import type { Leaf } from '../../reports/leaf.ts'

/** Three pillars, and what each is measured by. */
export const leaves: readonly Leaf[] = [
  {
    category: 'tuning: instructions and domains',
    definition: 'next-token loss on answers about videos',
    entries: ['lora', 'vamos'],
  },
  {
    category: 'tuning: chains of thought',
    definition: 'loss on reasoning and answer in a fixed form',
    entries: [],
    open: 'the World has no written reasons to learn from',
  },
  {
    category: 'reinforcement: preferences',
    definition: 'a chosen answer against a rejected one, by a reward model or directly',
    entries: ['stic'],
  },
  {
    category: 'reinforcement: outcomes that a rule checks',
    definition: 'advantages within a group of answers, by rewards of form, answer and interval',
    entries: [],
    open: 'rewards and losses are functions with worked examples; drawing answers within training is not built',
  },
  {
    category: 'at test time: votes and best of several',
    definition: 'several answers are drawn, and one of them is taken',
    entries: ['survey-video-post-training'],
  },
  {
    category: 'at test time: frames are added where answers differ',
    definition: 'few frames first, twice as many until all answers agree',
    entries: ['survey-video-post-training'],
  },
  {
    category: 'at test time: asking again, with tools or roles',
    definition: 'parts of a question are asked by themselves until they suffice',
    entries: ['proreason'],
  },
  {
    category: 'at test time: search over partial chains',
    definition: 'beams, or a tree whose leaves a verifier scores',
    entries: [],
    open: 'an answer of the embedded model is too short to be searched in steps',
  },
  {
    category: 'evaluation: grounding in time',
    definition: 'overlap of a stretch of time with the truth',
    entries: ['llm4vg'],
  },
]
