/** The whole way from responses to a sentence for each unit. arXiv 2502.13606. */
import { type Chosen, crossValidatedRidge, type Rows } from '../../../evaluation/linear/ridge.ts'
import type { Vector } from '../xl-vlms/vectors.ts'
import { type ComposeOptions, compose } from './compose.ts'
import { countInfill, type Infill } from './infill.ts'
import { commonKeywords, filterKeywords, topImages } from './keywords.ts'
import { fitOf, type TextTower, textTower } from './words.ts'

/** Strengths that cross-validation chooses from, for embeddings of length 1. */
export const LAMBDAS = [1e-4, 3e-4, 1e-3, 3e-3, 0.01, 0.03, 0.1, 0.3, 1] as const

export interface DescribeOptions {
  /** N: optimal images. */
  readonly images: number
  /** Share of their captions that a keyword stands in. */
  readonly share: number
  /** Keywords that are given to the filter at most. */
  readonly candidates: number
  readonly temperature: number
  /** m: keywords behind the filter. */
  readonly keywords: number
  readonly compose?: Partial<ComposeOptions>
}

export const DEFAULTS: DescribeOptions = { images: 20, share: 0.3, candidates: 10, temperature: 0.1, keywords: 5 }

/** Pictures that no response was measured to, with what a model says of them. */
export interface Pool {
  readonly embeddings: readonly Vector[]
  readonly captions: readonly string[]
  readonly tower: TextTower
  readonly language: Infill
}

export const poolOf = (embeddings: readonly Vector[], captions: readonly string[]): Pool => ({
  embeddings,
  captions,
  tower: textTower(captions, embeddings),
  language: countInfill(captions),
})

export interface Description {
  /** Behind the filter, by falling similarity. */
  readonly keywords: readonly string[]
  readonly sentence: string
  /** The caption of the single best image. */
  readonly single: string
}

/** Encoding models of units, whose responses [n][V] were measured to pictures of these embeddings [n][d]. */
export const encode = (embeddings: Rows, responses: Rows): Chosen => crossValidatedRidge(embeddings, responses, LAMBDAS)

/** Puts a direction of embeddings into words: a voxel's weights, or those of any linear read-out. */
export function describe(w: Vector, pool: Pool, options: Partial<DescribeOptions> = {}): Description {
  const { images, share, candidates, temperature, keywords: most, ...rest } = { ...DEFAULTS, ...options }
  const best = topImages(pool.embeddings, w, images)
  const common = commonKeywords(
    best.map((at) => pool.captions[at]),
    share,
    candidates,
  )
  const fit = (text: string) => fitOf(pool.tower, text, w)
  const keywords = filterKeywords(common, fit, { temperature, most })
  return { keywords, sentence: compose(keywords, pool.language, fit, rest.compose), single: pool.captions[best[0]] }
}
