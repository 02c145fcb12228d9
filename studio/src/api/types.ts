/** What the server gives: the shapes that it declares itself. */
import type { PaperCard } from '../../../src/serve/endpoints/papers.ts'
import type { PatchGrid } from '../../../src/serve/engine/job.ts'

export type { Row } from '../../../src/papers/reports/row.ts'
export type { PaperCard } from '../../../src/serve/endpoints/papers.ts'
export type { WorldSample } from '../../../src/serve/endpoints/samples.ts'
export type { PatchGrid } from '../../../src/serve/engine/job.ts'

export type Papers = { readonly data: readonly PaperCard[] }
export type PartResults = NonNullable<PaperCard['results']>

/** One option of a method, as JSON Schema has it. */
export interface OptionSchema {
  readonly type?: 'number' | 'integer' | 'boolean' | 'string'
  readonly default?: unknown
  readonly description?: string
  readonly enum?: readonly string[]
  readonly minimum?: number
  readonly maximum?: number
  readonly exclusiveMinimum?: number
  readonly exclusiveMaximum?: number
}

type Stage = 'preprocess' | 'vision' | 'prefill' | 'decode'

/** What only Fovea says in a reply. */
export interface Report {
  readonly method: string
  readonly visual_tokens: {
    readonly before: number
    readonly after: number
    readonly last: number
    readonly layers?: readonly number[]
  }
  readonly milliseconds: Readonly<Record<Stage | 'ttft', number>>
  readonly flops: Readonly<Record<Exclude<Stage, 'preprocess'>, number>>
  readonly images: readonly {
    readonly width: number
    readonly height: number
    readonly used_width: number
    readonly used_height: number
  }[]
  readonly kept: readonly (readonly number[])[]
  readonly views: readonly (readonly PatchGrid[])[]
  readonly patches: readonly (readonly number[])[]
  readonly steps: readonly { readonly layer: number; readonly tokens: readonly number[] }[]
}
