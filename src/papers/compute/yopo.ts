import { paper } from '../paper.ts'

/**
 * Treat Visual Tokens as Text? But Your MLLM Only Needs Fewer Efforts to See
 * 2024. https://arxiv.org/abs/2410.06169
 */
export const yopo = paper({
  id: 'yopo',
  name: 'YOPO',
  title: 'Treat Visual Tokens as Text? But Your MLLM Only Needs Fewer Efforts to See',
  arxiv: '2410.06169',
  url: 'https://arxiv.org/abs/2410.06169',
  code: 'https://github.com/ZhangAIPI/YOPO_MLLM_Pruning',
  date: '2024-10',
  kind: ['compute'],
  summary:
    'Instead of dropping tokens per image, prunes the work spent on visual tokens once and for all: they attend ' +
    'only to neighbours in the image, heads that do not look at images leave them out, part of the feed-forward ' +
    'neurons suffices, and late layers skip them. LLaVA-1.5 keeps most of its accuracy at 12 % of the FLOPs, ' +
    'after its usual tuning.',
  places: ['read.layer', 'training'],
})
