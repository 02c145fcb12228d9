import { paper } from '../paper.ts'

/**
 * Video-LMM Post-Training: A Deep Dive into Video Reasoning with Large Multimodal Models
 * 2025. https://arxiv.org/abs/2510.05034
 */
export const surveyVideoPostTraining = paper({
  id: 'survey-video-post-training',
  name: 'Video-LMM Post-Training',
  title: 'Video-LMM Post-Training: A Deep Dive into Video Reasoning with Large Multimodal Models',
  arxiv: '2510.05034',
  url: 'https://arxiv.org/abs/2510.05034',
  code: 'https://github.com/yunlong10/Awesome-Video-LMM-Post-Training',
  date: '2025-10',
  kind: ['survey', 'training', 'decoding', 'evaluation'],
  summary:
    'Orders the ways to make video models reason into three pillars: supervised tuning on chains of thought, by ' +
    'now a warm-up that teaches the answer format; reinforcement learning from checkable outcomes such as ' +
    'interval overlap; and extra computation at inference, such as adding frames when answers disagree. Small ' +
    'clean RL sets rival large supervised ones.',
  places: ['see.views', 'talk.answer', 'training', 'evaluation'],
})
