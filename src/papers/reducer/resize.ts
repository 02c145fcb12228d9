import { z } from 'zod'
import { paper } from '../paper.ts'

/** Fewer patches because the image is smaller: the honest baseline of every reducer. */
export const resize = paper({
  id: 'resize',
  name: 'Resize',
  title: 'Uniform downscaling (baseline)',
  role: 'baseline',
  date: '2026-11',
  kind: ['reducer', 'partition'],
  summary:
    'Shrinks the image before the vision encoder, so that fewer patches cover it, with position embeddings resampled to ' +
    'the smaller grid. Unlike pruning it also makes the encoder cheaper, and it needs no scores at all.',
  equation: String.raw`\text{side}' = \left\lfloor \text{side}\, \sqrt{k} \right\rfloor`,
  where:
    'The sides of the patch grid shrink alike, so that at most the share k of the patches is left; the position ' +
    'embeddings are resampled to the smaller grid.',
  places: ['see.views'],
  options: z.object({
    keep: z.number().gt(0).max(1).default(0.5).describe('share of the patches that stay, at most'),
  }),
  method: ({ keep }) => ({
    see: {
      views: (views, { vision: { patchSize } }) => {
        // The largest whole number of patches per side whose product stays within the share.
        const shrink = (side: number) => {
          const whole = Math.floor(side / patchSize)
          const patches = Math.max(1, Math.floor(whole * Math.sqrt(keep) + 1e-9))
          return patches === whole ? side : patches * patchSize
        }
        return views.map((view) => ({ ...view, width: shrink(view.width), height: shrink(view.height) }))
      },
    },
  }),
})
