import type { EmbeddingModelV3, LanguageModelV3, ProviderV3 } from '@ai-sdk/provider'
import { FoveaError } from '../../errors.ts'
import { Assistant } from '../engine/assistant.ts'
import { embedHere, runHere } from '../engine/here.ts'
import type { EngineOptions } from '../engine/protocol.ts'
import { embeddingModel } from './embedding-model.ts'
import { languageModel, PROVIDER } from './language-model.ts'
import { type FoveaSettings, settingsOf } from './settings.ts'

/** How models are loaded. */
export type ProviderOptions = Pick<EngineOptions, 'device' | 'dtype' | 'threads' | 'mmproj' | 'prefixBytes'>

/** Models of this machine for the AI SDK, in this very process. */
export interface FoveaProvider extends ProviderV3 {
  /** `mini`, a folder, or `org/name` of the hub. Throws ParamError `invalid_request` for settings that there are not. */
  (modelId: string, settings?: FoveaSettings): LanguageModelV3
  languageModel(modelId: string, settings?: FoveaSettings): LanguageModelV3
  /** A CLIP or SigLIP model. */
  embeddingModel(modelId: string): EmbeddingModelV3
  /** Frees all models, and ends what they are asked; they are loaded anew when they are asked again. */
  dispose(): Promise<void>
}

/** A provider with models of its own: each is loaded when it is first asked, once, and answers one call at a time. */
export function createFovea(options: ProviderOptions = {}): FoveaProvider {
  const held = new Map<string, Assistant>()
  const hold = (key: string, start: ConstructorParameters<typeof Assistant>[0]): Assistant => {
    const model = held.get(key) ?? new Assistant(start, Number.POSITIVE_INFINITY)
    held.set(key, model)
    return model
  }
  const speaker = (model: string) => hold(`speaks ${model}`, (ending) => runHere({ model, ...options }, ending))
  const embedder = (model: string) => hold(`embeds ${model}`, (ending) => embedHere(model, options.device, ending))
  const language = (modelId: string, settings: FoveaSettings = {}) =>
    languageModel(modelId, settingsOf(settings), { answer: (job, run) => speaker(modelId).answer(job, run) })
  const dispose = async () => {
    const all = [...held.values()]
    held.clear()
    await Promise.all(all.map((model) => model.close()))
  }
  return Object.assign((...given: Parameters<typeof language>) => language(...given), {
    specificationVersion: 'v3' as const,
    languageModel: language,
    embeddingModel: (id: string) => embeddingModel(id, { embed: (job, run) => embedder(id).embed(job, run) }),
    imageModel: (id: string) => {
      throw new FoveaError('model_unsupported', 'usage', `${PROVIDER} makes no images; ${id} cannot be an image model`)
    },
    dispose,
  })
}

/** The provider with what is usual. */
export const fovea: FoveaProvider = createFovea()
