/** What each engine is timed at. Milliseconds; a list per setting, so that medians are taken here. */
export interface Timing {
  readonly engine: string
  readonly load: number
  /** By prompt length. */
  readonly prefill: Readonly<Record<string, readonly number[]>>
  /** One token, by what is cached before it. */
  readonly decode: Readonly<Record<string, readonly number[]>>
  /** Encoding one view. */
  readonly vision?: readonly number[]
  /** Bytes held by the process. */
  readonly memory: number
}

export const PROMPTS = [200, 800] as const
export const DEPTHS = [0, 800] as const
