/** Lists that are told in pieces. */
import { z } from 'zod'
import { badParam } from '../engine/job-error.ts'

/** @param most entries of a page */
export const pageQuery = (most: number, usual: number) =>
  z.object({
    limit: z.coerce.number().int().min(1).max(most).default(usual),
    after: z.string().optional().describe('the id of the last entry of the page before'),
  })

export interface Page<T> {
  readonly object: 'list'
  readonly data: readonly T[]
  readonly first_id: string | null
  readonly last_id: string | null
  readonly has_more: boolean
}

/** Throws ParamError `invalid_request` for an `after` that is none of them. */
export function pageOf<T extends { readonly id: string }>(
  all: readonly T[],
  { limit, after }: { readonly limit: number; readonly after?: string },
): Page<T> {
  const start = after === undefined ? 0 : all.findIndex(({ id }) => id === after) + 1
  if (after !== undefined && start === 0)
    throw badParam('after', 'invalid_request', 'after: there is no such entry here')
  const data = all.slice(start, start + limit)
  return {
    object: 'list',
    data,
    first_id: data[0]?.id ?? null,
    last_id: data.at(-1)?.id ?? null,
    has_more: start + limit < all.length,
  }
}
