import { withFurtherCaches } from '../../models/language/further-caches.ts'
import type { Method } from '../method/method.ts'
import { wordsOf } from '../method/words.ts'
import type { ModelParts } from '../parts.ts'

/**
 * What a conversation under a method reads: the tokenizer knows the words that the method asks for, and the language model has
 * caches for layers of the method's own.
 */
export function partsUnder(given: ModelParts, method: Method): ModelParts {
  const parts = withCaches(given, method)
  if (!method.needs?.words) return parts
  const words = wordsOf(method, parts.architecture, parts.tokenizer)
  return { ...parts, tokenizer: parts.tokenizer.withWords(words.ids), words }
}

function withCaches(parts: ModelParts, { needs }: Method): ModelParts {
  if (!needs?.layers) return parts
  const { architecture } = parts
  const { language } = architecture
  return { ...parts, architecture: { ...architecture, language: withFurtherCaches(language, needs.layers(language)) } }
}
