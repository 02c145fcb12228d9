import type { Model } from '../pipeline/model.ts'
import { imagePlaceholder } from '../pipeline/talk/written-pictures.ts'
import type { CalibrationSample } from './calibration.ts'

/** Models that cut an image into many tiles see as much in a few images. */
const ENOUGH_VIEWS = 16
const LEAST_SAMPLES = 2

/** Runs samples through a model, as its own questions would be, until it has seen enough. */
export async function runSamples(
  model: Model,
  samples: readonly CalibrationSample[],
  onLogits: (logits: Float32Array) => void = () => {},
): Promise<void> {
  let views = 0
  for (const [at, { image, prompt: question }] of samples.entries()) {
    const prompt = shortened(model, question)
    if (at >= LEAST_SAMPLES && views >= ENOUGH_VIEWS) return
    views += model.parts.architecture.prompt.views(image).length
    const request = { images: [image], maxTokens: 1, onPrefill: (_: unknown, logits: Float32Array) => onLogits(logits) }
    await model.generate({ ...request, prompt }).catch((error: { code?: string }) => {
      if (error.code !== 'template_missing') throw error
      return model.generate({ ...request, prompt: `${imageText(model)}\n${prompt}`, rawPrompt: true })
    })
  }
}

/** As many words of a question as the connector reads, where it reads the question. */
function shortened({ parts }: Model, question: string): string {
  const limit = parts.architecture.vision.question?.maxTokens
  const { encode, prefix, suffix } = parts.questionTokenizer ?? parts.tokenizer
  const words = question.split(' ')
  const length = () => prefix.length + encode(words.join(' ')).length + suffix.length
  while (limit !== undefined && words.length > 1 && length() > limit) words.pop()
  return words.join(' ')
}

const imageText = ({ parts }: Model): string => imagePlaceholder(parts) ?? ''
