/** How likely a model finds given answers. */
import type { RgbImage } from '../../media/image.ts'
import { compose } from '../../pipeline/method/compose.ts'
import type { Method } from '../../pipeline/method/method.ts'
import type { Model } from '../../pipeline/model.ts'
import { grammarOf } from '../../text/grammar.ts'
import { logProbability } from '../../text/log-probability.ts'
import { GREEDY } from '../../text/sampling.ts'

export interface Scored {
  /** Summed log-probability of the tokens of the answer. */
  readonly sum: number
  readonly tokens: number
}

/** Log-probabilities of texts as answers to a prompt about images: each is said, token by token, whatever is likelier. */
export async function scoreTexts(
  model: Model,
  {
    prompt,
    images,
    method,
  }: { readonly prompt: string; readonly images: readonly RgbImage[]; readonly method?: Method },
  texts: readonly string[],
): Promise<Scored[]> {
  const found: Scored[] = []
  for (const text of texts) {
    const ids = model.parts.tokenizer.encode(text)
    let sum = 0
    const listen: Method = {
      name: 'score',
      talk: {
        logits: (row, { said }) => {
          if (said.length < ids.length) sum += logProbability(row, ids[said.length])
          return row
        },
      },
    }
    const { allowed } = grammarOf([[ids]])
    const both = method ? compose(method, listen) : listen
    await model.generate({ prompt, images, method: both, allowed, ...GREEDY, ignoreEos: true, maxTokens: ids.length })
    found.push({ sum, tokens: ids.length })
  }
  return found
}

/** The likeliest, by the sum or by the mean of its tokens; the first among equals. */
export function likeliest(scores: readonly Scored[], by: 'sum' | 'mean' = 'sum'): number {
  const values = scores.map(({ sum, tokens }) => (by === 'sum' ? sum : sum / (tokens || 1)))
  return values.indexOf(Math.max(...values))
}
