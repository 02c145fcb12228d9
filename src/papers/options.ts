/** Options that several methods have, each declared once. */
import { z } from 'zod'
import type { Ids } from '../pipeline/method/ids.ts'

/** The share that stays; the number is `countOf`. */
export const keepOption = (byDefault: number) =>
  z.number().min(0).max(1).default(byDefault).describe('share of the visual tokens that stay')

/** The same for patches on their way into a connector, which takes some at least. */
export const keepSomeOption = (byDefault: number) =>
  z.number().gt(0).max(1).default(byDefault).describe('share of the visual tokens that stay')

/** What becomes of positions when tokens go. */
export const idsOption = (byDefault: Ids) =>
  z
    .enum(['keep', 'pack'])
    .default(byDefault)
    .describe('tokens that stay keep their positions, or close up; those with several axes always stay')

/** A layer of the vision encoder. */
export const visionLayerOption = z
  .int()
  .optional()
  .describe('vision layer that is read, negative from the end; that whose output the connector takes when absent')

/** How contextual tokens are made of their targets and what is like them. */
export const mergingOption = z
  .enum(['sum', 'mean', 'none'])
  .default('sum')
  .describe('a target and the mean of what is like it are added, all are averaged, or the target stays as it is')
