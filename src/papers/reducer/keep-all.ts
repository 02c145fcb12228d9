import { z } from 'zod'
import { rangeLike, rowNumbers } from '../../pipeline/method/rows.ts'
import { keepVisual } from '../../pipeline/method/sequence.ts'
import { keepTokens } from '../../pipeline/method/visual-tokens.ts'
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
  equation: String.raw`\text{stay} = (0, 1, \ldots, n - 1)`,
  where:
    'Every token is gathered by its own index, before the language model and before a layer of it; not a single ' +
    'bit may change.',
  places: ['see.tokens', 'read.layer'],
  options: z.object({ layer: z.int().min(1).default(2).describe('layer of the language model to gather before') }),
  method: ({ layer }) => ({
    see: { tokens: (tokens) => keepTokens(tokens, rowNumbers(tokens.states), 'keep-all') },
    read: { layer: { [layer]: (seq, next) => next(keepVisual(seq, rangeLike(seq.visual), 'keep-all')) } },
  }),
})
