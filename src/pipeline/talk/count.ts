import { FoveaError } from '../../errors.ts'
import type { ModelParts, PreparedImage } from '../parts.ts'
import type { Prompt } from './prompt.ts'

/** What a prompt takes of the places that a model has. */
export interface PromptCount {
  /** Tokens of text, those of the template among them. */
  readonly text: number
  /** Visual tokens, under the method. */
  readonly visual: number
  /** Positions that both take: as many as tokens, or fewer where the patches of a picture lie in a grid. */
  readonly positions: number
  /** Positions that the model has; absent: they go on. */
  readonly limit?: number
  /** Tokens that an answer can have; negative where the prompt is too long by so many and one. */
  readonly room?: number
}

/** Counts a prompt before any of its pictures is encoded. */
export function countPrompt({ architecture }: ModelParts, { ids, images }: Prompt<PreparedImage>): PromptCount {
  const { prompt, language } = architecture
  const sizes = images.map((image) => image.size())
  const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0)
  const text = ids.filter((id) => id !== prompt.imageToken).length
  const positions = text + sum(sizes.map((size) => size.positions))
  const { contextLength: limit } = language
  return {
    text,
    visual: sum(sizes.map((size) => size.tokens)),
    positions,
    // the last token of an answer is not read any more
    ...(limit !== undefined && { limit, room: limit - positions + 1 }),
  }
}

/** Throws FoveaError `context_full` for a prompt that leaves no room for an answer, with the numbers and what helps. */
export function assertRoom(count: PromptCount, turns: number): void {
  const { text, visual, positions, limit, room = 1 } = count
  if (room > 0) return
  const help = [
    'ask less at once',
    ...(visual > 0 ? ['give fewer or smaller images or frames', 'keep fewer visual tokens by a method'] : []),
    ...(turns > 1 ? ['start a new conversation', 'let the oldest turns be dropped'] : []),
  ]
  throw new FoveaError(
    'context_full',
    'input',
    `the model has ${limit} positions, the conversation takes ${positions} (${text} tokens of text, ${visual} visual), ` +
      `which leaves no room for an answer; ${help.slice(0, -1).join(', ')}${help.length > 1 ? ' or ' : ''}${help.at(-1)}`,
  )
}
