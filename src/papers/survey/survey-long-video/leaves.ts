import type { Leaf } from '../../reports/leaf.ts'

/** Where systems for long video intervene. */
export const leaves: readonly Leaf[] = [
  {
    category: 'frames: which are shown',
    definition: 'the video is sampled before anything is encoded',
    entries: ['uniform-frames', 'last-frames', 'evs'],
  },
  {
    category: 'image level: fewer tokens of each frame',
    definition: 'queries, pooling or pruning, frame by frame',
    entries: ['mqt', 'resize', 'visionzip', 'divprune'],
    families: ['llava_onevision'],
  },
  {
    category: 'video level: frames are mixed',
    definition: 'queries or pooling over time, one budget for a clip',
    entries: ['video-llama', 'red-villm', 'b-vllm'],
    open: 'connectors over time are described here and none of them runs yet',
  },
  {
    category: 'long level: what repeats is merged or dropped',
    definition: 'the budget grows more slowly than the video',
    entries: ['dycoke', 'fastvid', 'holitom', 'prunevid', 'flashvid', 'longvlm', 'dtd', 'vidcom2'],
  },
  {
    category: 'long level: memory that is looked up',
    definition: 'all is kept, and a question takes what it needs',
    entries: ['rekv', 'stc'],
  },
  {
    category: 'long level: depth is saved',
    definition: 'only some tokens of a frame go through some layers',
    entries: ['videollm-mod', 'crosslmm', 'yopo'],
  },
  {
    category: 'time: positions',
    definition: 'smaller steps between visual tokens, or axes of time',
    entries: ['v2pe'],
    families: ['qwen2_vl'],
  },
  {
    category: 'time: said as text',
    definition: 'the second of a frame stands before it, or in a diary',
    entries: ['llm4vg', 'vamos'],
    families: ['qwen3_vl'],
  },
  {
    category: 'backbone: state instead of attention',
    definition: 'layers whose memory does not grow with the video',
    entries: [],
    open: 'no language model of that kind loads here',
  },
  {
    category: 'training: long videos with text',
    definition: 'pairs of hours, before or while instructions are learnt',
    entries: [],
    open: 'films of the World are cut together up to any length; no training on long ones is here',
  },
]
