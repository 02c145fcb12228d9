import type { LanguageModel } from './language-model.ts'
import type { DecoderLayer, PastLayer } from './sequence.ts'

/** The same language model with so many caches beside its own. What is kept belongs to the run of `decode` that goes on. */
export function withFurtherCaches(language: LanguageModel, count: number): LanguageModel {
  const own = language.caches ?? language.layers
  let running: { readonly past?: readonly PastLayer[]; readonly kept: DecoderLayer[] } = { kept: [] }
  return {
    ...language,
    caches: own + count,
    further: {
      past: (index) => running.past?.[own + index],
      keep: (index, layer) => {
        running.kept[index] = layer
      },
    },
    decode: (p, start, options) => {
      running = { past: options.past, kept: [] }
      const result = language.decode(p, start, options)
      return { ...result, layers: [...result.layers, ...running.kept] }
    },
  }
}
