/** What the page of a paper runs: with which options, on what. */
import { existsSync } from 'node:fs'
import { buildMethod } from '../../src/papers/methods.ts'
import type { Paper } from '../../src/papers/paper.ts'
import { hasBudget } from '../../src/papers/reports/budgets.ts'
import { EMBEDDED } from '../../src/papers/reports/depends.ts'
import type { Method } from '../../src/pipeline/method/method.ts'

/** What is left of the tokens where a share can be asked for. */
export const SHARE = 0.25

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

/** Of several ways the method its page shows. */
const methodOf = (entry: Paper): Method => buildMethod(entry, { ...entry.example })

/** Whether it has to be trained before it answers: a recipe, and no adapter that comes with the model. */
export const isUntrained = (entry: Paper): boolean =>
  entry.recipe !== undefined && !methodOf(entry).needs?.untrained && !existsSync(`${EMBEDDED}/methods/${entry.id}`)

/** The method as a flag takes it: `fastv:keep=0.25`. */
export function shownMethod(entry: Paper): string {
  const { id, example } = entry
  const options = {
    ...example,
    ...(hasBudget(entry) && { keep: SHARE }),
    ...(isUntrained(entry) && { weights: `runs/${id}/adapter` }),
  }
  const words = Object.entries(options).map(([name, value]) => `${name}=${value}`)
  return [id, words.join(',')].filter(Boolean).join(':')
}

/** Whether its page shows which patches of images it leaves: reducers of images do. */
export const hasPicture = (entry: Paper): boolean => entry.kind[0] === 'reducer' && useOf(entry) === 'image'
