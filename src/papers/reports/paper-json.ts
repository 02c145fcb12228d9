import { z } from 'zod'
import type { Kind } from '../paper.ts'
import type { Measured } from './catalogue.ts'
import type { PaperResults } from './results.ts'
import type { Standing } from './standing.ts'

/** An entry as data: the state beside the fields, options as JSON schema, and on request all that was measured. */
export interface PaperJson extends Standing {
  readonly id: string
  readonly name: string
  readonly title: string
  readonly date: string
  readonly kind: readonly Kind[]
  readonly summary: string
  readonly places: readonly string[]
  readonly role?: 'catalogue' | 'algorithm' | 'baseline'
  readonly arxiv?: string
  readonly url?: string
  readonly code?: string
  readonly venue?: string
  readonly equation?: string
  readonly where?: string
  readonly differs?: readonly string[]
  readonly example?: Readonly<Record<string, unknown>>
  readonly options?: object
  readonly results?: PaperResults['parts']
}

export function paperJson({ entry, standing, results }: Measured, withResults = false): PaperJson {
  const { method: _, run: __, options, ...fields } = entry
  return {
    ...fields,
    ...standing,
    ...(options && { options: z.toJSONSchema(options, { io: 'input' }) }),
    ...(withResults && results && { results: results.parts }),
  }
}
