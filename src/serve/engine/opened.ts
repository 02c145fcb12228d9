import type { Embeds } from '../../embedding/embedder-parts.ts'
import { loadModel } from '../../evaluation/load-model.ts'
import { loadEmbedder } from '../../loading/node-load-embedder.ts'
import { runnable } from '../../papers/methods.ts'
import type { Model } from '../../pipeline/model.ts'
import { FormCache } from './form-cache.ts'
import type { ModelFacts } from './job.ts'
import type { EngineOptions } from './protocol.ts'

/** What the engine process holds. */
export interface Opened {
  readonly model: Model
  readonly embedder?: Embeds
  readonly forms: FormCache
  readonly facts: ModelFacts
}

/** Throws what `loadModel` and `loadEmbedder` throw; the reason of `signal`, which ends the loading. */
export async function openModel(
  { model: name, embedder: other, prefixBytes, ...options }: EngineOptions,
  signal?: AbortSignal,
): Promise<Opened> {
  const model = await loadModel(name, { ...options, signal })
  if (prefixBytes) model.keepPrefixes(prefixBytes)
  const embedder = other === undefined ? undefined : await loadEmbedder(other, { device: options.device, signal })
  return { model, embedder, forms: new FormCache(model.parts), facts: factsOf(name, model, embedder) }
}

const factsOf = (name: string, { parts }: Model, embedder?: Embeds): ModelFacts => ({
  name,
  family: parts.architecture.name,
  vocabulary: parts.architecture.language.vocabulary,
  contextLength: parts.architecture.language.contextLength,
  maxImages: parts.architecture.prompt.maxImages,
  embeds: embedder !== undefined,
  methods: runnable.map(({ id }) => id),
})
