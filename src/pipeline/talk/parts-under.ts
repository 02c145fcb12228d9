import { withFurtherCaches } from '../../models/language/further-caches.ts'
import type { Method } from '../method/method.ts'
import { wordsOf } from '../method/words.ts'
import type { ModelParts } from '../parts.ts'
import type { Host } from './host.ts'

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

/** The same host, with what conversations under a method read. */
export const hostUnder = (host: Host, method: Method): Host => ({
  parts: partsUnder(host.parts, method),
  prepare: (image, look) => host.prepare(image, look),
  prepareVideo: (video, look) => host.prepareVideo(video, look),
  holdLanguage: (held) => host.holdLanguage(held),
})
