import { paper } from '../paper.ts'
import { leaves } from './survey-video-post-training/leaves.ts'
import { scalingOptions, testTimeScaling } from './survey-video-post-training/scaling.ts'

/**
 * Video-LMM Post-Training: A Deep Dive into Video Reasoning with Large Multimodal Models
 * 2025. https://arxiv.org/abs/2510.05034
 *
 * Its third pillar as a method of any model: votes, best of several, frames that are added until answers agree. Rewards and
 * losses of the second are functions (`rewards.ts`, `policy.ts`) with worked examples; nothing is trained with them here.
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
  equation: String.raw`
    \hat{a} = \arg\max_a \sum_{n=1}^{N} [a_n = a]
    \hat{a} = a_{n^*}, \quad n^* = \arg\max_n \frac{1}{|a_n|} \sum_t \log p(a_{n,t} \mid V, q, a_{n,<t})
    F \leftarrow 2F \quad \text{while the answers to } F \text{ frames differ and } F < F_{\max}
  `,
  where:
    'a_n are N answers that are drawn one after another, V the frames and q the question. The first line is `way=vote`, ' +
    'the second `way=best`, the third `way=sparse-to-dense`, which takes the vote of the last round.',
  differs: [
    'All answers are drawn at one temperature and from seeds that follow each other, where Video-RTS makes each freer than the one before and writes its number into the prompt.',
    'Answers are compared without case, blanks and a last full stop, by their last answer tag where they have one; one that is empty does not vote.',
    'An advantage is 0 where the rewards of a group deviate by less than 0.001, so that a tiny difference is not blown up.',
    'Reg-GRPO is written with the ratio to the old policy, as in the table of the survey; its text has the bare log-probability.',
  ],
  places: ['talk.answer', 'training', 'evaluation'],
  options: scalingOptions,
  method: testTimeScaling,
  taxonomy: leaves,
  claims: ['checks', 'effect'],
  checks: async function* (lab) {
    yield* (await import('./survey-video-post-training/checks.ts')).checks(lab)
  },
  run: async function* (lab) {
    if (lab.part === 'effect') yield* (await import('./survey-video-post-training/effect.ts')).effect(lab)
  },
})
