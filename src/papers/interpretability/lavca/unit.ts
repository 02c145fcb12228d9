/** LaVCa for units of one's own: voxels, neurons, rows of a classifier. */
import { assertOptions, FoveaError, kindOf } from '../../../errors.ts'
import type { Chosen } from '../../../evaluation/linear/ridge.ts'
import { DEFAULTS, type DescribeOptions, type Description, describe, encode, type Pool, poolOf } from './describe.ts'

type Rows = readonly (readonly number[])[]

const OPTIONS = {
  images: 'number',
  share: 'number',
  candidates: 'number',
  temperature: 'number',
  keywords: 'number',
  compose: 'object',
} as const satisfies Readonly<Record<keyof DescribeOptions, string>>

const invalid = (message: string): FoveaError => new FoveaError('unit_invalid', 'usage', message)

const isRow = (row: unknown): row is readonly number[] => Array.isArray(row) && row.every(Number.isFinite)

function assertRows(name: string, rows: Rows): void {
  if (!Array.isArray(rows)) throw invalid(`${name}: a list of rows is wanted, not ${kindOf(rows)}`)
  const width = isRow(rows[0]) ? rows[0].length : 0
  if (rows.length < 2) throw invalid(`${name}: ${rows.length} rows are too few; give two at least`)
  const at = rows.findIndex((row) => !isRow(row) || row.length !== width || width === 0)
  if (at >= 0) throw invalid(`${name}: row ${at} must be ${width || 'some'} finite numbers, as long as the others`)
}

/**
 * A linear model of each unit by ridge regression, its strength chosen by five folds: embeddings [n][d] of the pictures that were
 * shown and responses [n][units] -> weights [units][d]. arXiv 2502.13606, step 1. Throws FoveaError kind `usage` `unit_invalid`.
 */
export function encodeUnits(embeddings: Rows, responses: Rows): Chosen {
  assertRows('embeddings', embeddings)
  assertRows('responses', responses)
  if (embeddings.length !== responses.length || embeddings.length < FEWEST)
    throw invalid(
      `${embeddings.length} embeddings and ${responses.length} responses: give as many of both, ${FEWEST} at least`,
    )
  return encode(embeddings, responses)
}

/** Five folds of two, so that each leaves something to fit. */
const FEWEST = 10

/**
 * Pictures that units are described by, none of which they were fitted on: embeddings [n][d], and a caption of each.
 * Throws FoveaError kind `usage` `unit_invalid`.
 */
export function unitPool(embeddings: Rows, captions: readonly string[]): Pool {
  assertRows('pool', embeddings)
  if (!Array.isArray(captions) || !captions.every((caption) => typeof caption === 'string'))
    throw invalid('pool: captions are a list of texts')
  if (captions.length !== embeddings.length)
    throw invalid(`pool: ${captions.length} captions for ${embeddings.length} pictures; give one for each`)
  if (!captions.some((caption) => /[a-z]/i.test(caption))) throw invalid('pool: the captions hold no words')
  return poolOf(embeddings, captions)
}

/**
 * What a unit prefers, in words: keywords that captions of its best pictures share, and a sentence around them. `weights` [d] is
 * any linear read-out of the embeddings of the pool. arXiv 2502.13606. Throws FoveaError kind `usage` `unit_invalid`.
 */
export function describeUnit(
  weights: readonly number[],
  pool: Pool,
  options: Partial<DescribeOptions> = {},
): Description {
  if (!pool?.embeddings || !pool.tower) throw invalid('pool: give what unitPool makes')
  assertOptions('describeUnit', options, OPTIONS)
  const [width, { images = DEFAULTS.images }] = [pool.embeddings[0].length, options]
  if (!isRow(weights) || weights.length !== width || weights.every((weight) => weight === 0))
    throw invalid(`weights: give ${width} finite numbers, as an embedding of the pool has, not all 0`)
  if (!Number.isInteger(images) || images < 1 || images > pool.embeddings.length)
    throw invalid(`images: ${images} best pictures cannot be taken of ${pool.embeddings.length}`)
  return describe(weights, pool, options)
}
