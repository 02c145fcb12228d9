import { z } from 'zod'
import { keepVisual } from '../../pipeline/method/sequence.ts'
import { keepTokens } from '../../pipeline/method/visual-tokens.ts'
import { arange, type Dim, expand, reshape } from '../../tensor/index.ts'
import { paper } from '../paper.ts'

/** Keep everything, through the same machinery that drops tokens: must not change a single bit. */
export const keepAll = paper({
  id: 'keep-all',
  name: 'Keep all',
  title: 'Keep all (baseline)',
  role: 'baseline',
  date: '2026-11',
  kind: ['reducer'],
  summary:
    'Keeps every visual token, but by the way that reducers take: indices, a gather, a new sequence. It shows what the ' +
    'machinery costs by itself, and its answers are bit-identical to those of the untouched model.',
  places: ['tokens', 'decoder'],
  options: z.object({ layer: z.int().min(1).default(2).describe('layer of the language model to gather before') }),
  method: ({ layer }) => ({
    tokens: (tokens) => {
      const [batch, count] = tokens.states.shape as [Dim, Dim]
      return keepTokens(tokens, expand(reshape(arange(count), [1, count]), [batch, count]), 'keep-all')
    },
    decoder: { beforeLayer: { [layer]: (seq) => keepVisual(seq, arange(seq.visual.shape[0]), 'keep-all') } },
  }),
})
