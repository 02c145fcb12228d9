import type { ModelParts, PreparedImage } from '../parts.ts'
import type { Dialogue } from './messages.ts'
import { encodePrompt, type Prompt, promptText, questionOf } from './prompt.ts'
import type { Sight } from './sight.ts'

export interface WriteOptions {
  /** The text of the question is the whole prompt. */
  readonly isRaw?: boolean
  /** Stands for each picture instead of its visual tokens. */
  readonly pictureToken?: number
}

/** A conversation as a prompt, with its pictures ready to be encoded. */
export async function writePrompt(
  parts: ModelParts,
  sight: Sight,
  dialogue: Dialogue,
  { isRaw, pictureToken }: WriteOptions = {},
): Promise<Prompt<PreparedImage>> {
  const said = { messages: dialogue.messages, isRaw }
  const text = promptText(parts, said)
  const question = sight.readsQuestion ? questionOf(parts, said) : undefined
  return encodePrompt(parts, text, await sight.prepare(dialogue, question, pictureToken))
}
