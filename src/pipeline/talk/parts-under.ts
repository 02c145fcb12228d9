import type { Method } from '../method/method.ts'
import { wordsOf } from '../method/words.ts'
import type { ModelParts } from '../parts.ts'
import type { Host } from './host.ts'

/** What a conversation under a method reads: the tokenizer knows the words that the method asks for. */
export function partsUnder(parts: ModelParts, method: Method): ModelParts {
  if (!method.needs?.words) return parts
  const words = wordsOf(method, parts.architecture, parts.tokenizer)
  return { ...parts, tokenizer: parts.tokenizer.withWords(words.ids), words }
}

/** The same host, with what conversations under a method read. */
export const hostUnder = (host: Host, method: Method): Host => ({
  parts: partsUnder(host.parts, method),
  assertOpen: () => host.assertOpen(),
  prepare: (image, look) => host.prepare(image, look),
  prepareVideo: (video, look) => host.prepareVideo(video, look),
  holdLanguage: (held) => host.holdLanguage(held),
})
