import type { GenerateOptions, Model } from '../pipeline/model.ts'
import type { Reply } from '../pipeline/talk/reply.ts'

/**
 * An answer whose times can be set beside those of other methods: its programs were compiled before it, and its pictures
 * are encoded in it although they may have been known. Throws what `generate` throws.
 */
export async function measuredReply(model: Model, options: GenerateOptions): Promise<Reply> {
  const { onPrefill: _, onText: __, onToken: ___, ...silent } = options
  const first = await model.generate({ ...silent, maxTokens: 2 } as GenerateOptions)
  if (first.finishReason === 'aborted') return first
  model.forgetPictures()
  return model.generate(options)
}
