import type { ChunkResult, LanguageProgram } from '../flow/language-program.ts'
import type { EncodedImage } from '../parts.ts'
import type { Decoded } from './decoding.ts'
import type { Reply } from './reply.ts'
import type { Reading } from './strand.ts'

/** The account of a turn. */
export function replyOf(reading: Reading, decoded: Decoded, program: LanguageProgram): Reply {
  const { images, fresh, lastKept, chunk } = reading
  const views = images.flatMap((image) => image.views)
  const vision = sum(fresh.flatMap((image) => image.views.map((view) => view.milliseconds)))
  const preprocess = sum(fresh.map((image) => image.preprocessMilliseconds))
  const after = sum(views.map((view) => view.embeds.dims[0]))
  return {
    text: decoded.text,
    finishReason: decoded.finishReason,
    tokens: {
      visual: { before: sum(images.map((image) => image.patches)), after, last: lastKept.length },
      text: reading.news - reading.views,
      cached: reading.cached,
      generated: decoded.generated,
    },
    milliseconds: {
      preprocess,
      vision,
      prefill: chunk.milliseconds,
      decode: sum(decoded.steps.map((step) => step.milliseconds)),
      ttft: preprocess + vision + chunk.milliseconds,
    },
    flops: {
      vision: sum(fresh.flatMap((image) => image.views.map((view) => view.cost.flops))),
      prefill: program.cost(chunk.sizes).flops,
      decode: decodeFlops(program, decoded.steps),
    },
    kept: keptPatches(images, lastKept),
    videos: images.flatMap(({ video }) => video ?? []),
  }
}

const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0)

/** The cost of a step grows linearly with the past, so the first and the last step give the sum. */
function decodeFlops(language: LanguageProgram, steps: readonly ChunkResult[]): number {
  if (steps.length === 0) return 0
  const ends = [steps[0], steps[steps.length - 1]].map((step) => language.cost(step.sizes).flops)
  return ((ends[0] + ends[1]) / 2) * steps.length
}

/** Patches whose token reached the last layer, per image. */
function keptPatches(images: readonly EncodedImage[], lastKept: readonly number[]): number[][] {
  const alive = new Set(lastKept)
  let start = 0
  return images.map((image) =>
    image.views.flatMap((view) => {
      const first = start
      start += view.embeds.dims[0]
      return view.owner.map((token) => Number(token >= 0 && alive.has(first + token)))
    }),
  )
}
