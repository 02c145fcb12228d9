import { z } from 'zod'
import { best, keepOfPicture } from '../../pipeline/method/choose.ts'
import { constant, fixedDim } from '../../tensor/index.ts'
import { idsOption, keepOption } from '../options.ts'
import { paper } from '../paper.ts'

/** A score per token that depends on the seed alone (mulberry32). */
export function randomScores(count: number, seed: number): Float32Array {
  let state = seed >>> 0
  return Float32Array.from({ length: count }, () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  })
}

/** A random subset: what every method that looks before it drops has to beat. */
export const random = paper({
  id: 'random',
  name: 'Random',
  title: 'Random pruning (baseline)',
  role: 'baseline',
  date: '2026-11',
  kind: ['reducer'],
  summary:
    'Keeps a random subset of the visual tokens, the same places in every image. It knows nothing of image or question, ' +
    'and is still hard to beat: any method that computes scores has to show that they are worth more than chance.',
  equation: String.raw`\text{stay: } \mathrm{top}_k\, u,\qquad u_j = \mathrm{random}(\text{seed}, j)`,
  where: 'u are numbers from the seed alone (mulberry32); what stays does so in raster order.',
  places: ['see.tokens'],
  options: z.object({
    keep: keepOption(0.5),
    seed: z.int().min(0).default(0).describe('which random subset'),
    ids: idsOption('pack'),
  }),
  method: ({ seed, ...how }) => ({
    see: {
      tokens: (tokens) => {
        const count = fixedDim('random', tokens.states, 1)
        const scores = constant(randomScores(count, seed), [1, count])
        return keepOfPicture(tokens, { ...how, by: 'random' }, (k) => best(scores, k))
      },
    },
  }),
})
