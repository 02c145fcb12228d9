import { z } from 'zod'
import { type Frames, framesOf, leaveOfFrames } from '../../pipeline/method/frames.ts'
import { markRows } from '../../pipeline/method/rows.ts'
import { cosine } from '../../pipeline/method/similarity.ts'
import { concat, constant, equal, expand, gather, type Tensor, topK } from '../../tensor/index.ts'
import { idsOption } from '../options.ts'
import { paper } from '../paper.ts'

/**
 * DyCoke: Dynamic Compression of Tokens for Fast Video Large Language Models
 * Tao et al. 2024, CVPR 2025. https://arxiv.org/abs/2411.15024
 */
export const dycoke = paper({
  id: 'dycoke',
  name: 'DyCoke',
  title: 'DyCoke: Dynamic Compression of Tokens for Fast Video Large Language Models',
  role: 'algorithm',
  arxiv: '2411.15024',
  url: 'https://arxiv.org/abs/2411.15024',
  code: 'https://github.com/KD-TAO/DyCoke',
  date: '2024-11',
  venue: 'CVPR 2025',
  kind: ['reducer'],
  summary:
    'Neighbouring frames of a video say much the same. In groups of four frames the first is kept whole, and of the ' +
    'others only the tokens that changed most in their place, which leaves about half of a long video. Needs no training.',
  equation: String.raw`
    c_l = \cos\big(f_{\text{ref}}[l],\, f_t[l]\big),\qquad \text{stay of frame } t:\ \mathrm{bottom}_{\kappa}\, c,\qquad \kappa = \lfloor (1 - \rho)\, n \rfloor
    \text{ref}(2) = 1,\qquad \text{ref}(4) = 3,\qquad \text{ref}(3) = 1 \qquad \text{of frames } 1 \ldots 4
  `,
  where:
    'Of every four frames the first stays whole; of the n tokens of each other frame those stay that are least ' +
    'like what was there before. rho is the option `ratio`.',
  differs: [
    'No tokens are averaged: what is alike is dropped.',
    'Tokens stay in raster order, where the released code has them by similarity.',
    'Of the last four frames the third stays whole, as released (`last`).',
    'An odd last frame stays whole, where the released code loses it.',
    'The second half of the paper, dropping rows of the cache in each step of decoding, is not here.',
  ],
  places: ['see.tokens'],
  options: z.object({
    ratio: z.number().min(0).max(1).default(0.7).describe('share of the tokens that a frame behind the first loses'),
    last: z.enum(['whole', 'reduced']).default('whole').describe('third frame of the last four: whole as released'),
    ids: idsOption('pack'),
  }),
  method: ({ ratio, last, ids }) => ({
    needs: { ofVideos: true },
    see: {
      tokens: (tokens) => {
        const frames = framesOf(tokens, 'dycoke')
        if (!frames) return tokens
        const references = referencesOf(frames.count, last)
        return references.size > 0
          ? leaveOfFrames(tokens, frames, changed(frames, references, ratio), { by: 'dycoke', ids })
          : tokens
      },
    },
  }),
})

/** The frames that lose tokens, and which each is compared with. */
export function referencesOf(count: number, last: 'whole' | 'reduced'): Map<number, number> {
  const thirds = last === 'whole' ? count - 2 : count
  const found = Array.from({ length: count }, (_, t): [number, number][] => {
    if (t % 2 === 1) return [[t, t - 1]]
    return t % 4 === 2 && t < thirds ? [[t, t - 2]] : []
  })
  return new Map(found.flat())
}

function changed({ count, each, states }: Frames, references: ReadonlyMap<number, number>, ratio: number) {
  const kappa = Math.trunc((1 - ratio) * each)
  const at = (indices: Iterable<number>) => gather(states, constant([...indices], [references.size], 'i64'))
  const likeness = cosine(at(references.keys()), at(references.values())) // [r, n]
  const some = markRows(each, topK(likeness, kappa, { largest: false }))
  const all = equal(expand(constant([1], [1, 1]), [1, each]), 1)
  const reduced = [...references.keys()]
  const row = (t: number) => (references.has(t) ? reduced.indexOf(t) : reduced.length)
  const rows = constant(Array.from({ length: count }, (_, t) => row(t)), [count], 'i64') // biome-ignore format: one step
  const kept: Tensor = gather(concat([some, all], 0), rows)
  return { kept, count: (count - reduced.length) * each + reduced.length * kappa }
}
