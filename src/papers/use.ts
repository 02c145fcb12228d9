import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { packageRoot } from '../hub/package-root.ts'
import type { Method } from '../pipeline/method/method.ts'
import { buildMethod } from './methods.ts'
import type { Paper } from './paper.ts'
import { EMBEDDED } from './reports/depends.ts'

/**
 * How a method is put to use: an answer about an image or a video, an embedding, or by the run of its paper alone, whose
 * method only serves that.
 */
export type Use = 'image' | 'video' | 'embedding' | 'run'

export function useOf(entry: Paper): Use {
  if (!entry.method || entry.kind[0] === 'interpretability') return 'run'
  const { needs, see, read } = methodOf(entry)
  if (needs?.ofVideos || see?.frames) return 'video'
  return read?.heads?.embedding ? 'embedding' : 'image'
}

/** Of several ways the method that is shown. */
const methodOf = (entry: Paper): Method => buildMethod(entry, { ...entry.example })

/** Whether it has to be trained before it answers: a recipe, and no adapter in the folder of the model. */
export const isUntrained = (entry: Paper, model = join(packageRoot, EMBEDDED)): boolean =>
  entry.recipe !== undefined && !methodOf(entry).needs?.untrained && !existsSync(join(model, 'methods', entry.id))
