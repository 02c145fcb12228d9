/** What the engines are timed at. Milliseconds and bytes; lists are rounds, so that medians are taken in one place. */
export interface TextTiming {
  readonly engine: string
  /** By prompt length. */
  readonly prefill: Readonly<Record<string, readonly number[]>>
  /** One token, by what is cached before it. */
  readonly decode: Readonly<Record<string, readonly number[]>>
  /** Encoding one view. */
  readonly vision?: readonly number[]
  /** The most that the process held. */
  readonly memory: number
}

/** From a decoded image and a question to the logits of the first token. */
export interface QuestionTiming {
  readonly engine: string
  /** How visual tokens are spent. */
  readonly method: string
  readonly views: number
  /** Visual tokens that the language model is given, and those left in its last layer. */
  readonly visual: number
  readonly last: number
  readonly text: number
  readonly ttft: readonly number[]
  readonly stages: Readonly<Partial<Record<'preprocess' | 'vision' | 'prefill', number>>>
  /** Not timed as a whole: the sum of measured parts, and which. */
  readonly parts?: string
  readonly memory: number
}

export interface LoadTiming {
  readonly engine: string
  /** The file is not in the page cache; nothing is quantized yet. */
  readonly cold?: number
  /** The most that the process held in the cold load. */
  readonly coldMemory?: number
  readonly warm: number
}

export const PROMPTS = [200, 800] as const
export const DEPTHS = [0, 800] as const

/** Tokens decoded in a round; the first two, which find a pipeline that rests, do not count. */
export const DECODED = 24

/**
 * How often engines take turns with texts, the rounds of all turns together: what else a machine does comes in spells, and
 * should not meet one engine alone.
 */
export const TURNS = 3

export const perTurn = (rounds: number): number => Math.ceil(rounds / TURNS)

/** Rounds of what takes long end when they have taken so long together. */
export const SECONDS_PER_ROW = 12

/** Methods that come after so many seconds are left out. */
export const SECONDS_PER_ENGINE = 150
