import type { Method } from '../method/method.ts'
import { wordsOf } from '../method/words.ts'
import type { ModelParts } from '../parts.ts'

/** What a conversation under a method reads: the tokenizer knows the words that the method asks for. */
export function partsUnder(parts: ModelParts, method: Method): ModelParts {
  if (!method.needs?.words) return parts
  const words = wordsOf(method, parts.architecture, parts.tokenizer)
  return { ...parts, tokenizer: parts.tokenizer.withWords(words.ids), words }
}
