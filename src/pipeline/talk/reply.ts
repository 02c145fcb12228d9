import type { ChunkResult, LanguageProgram } from '../flow/language-program.ts'
import type { EncodedImage } from '../parts.ts'
import type { SeenVideo } from '../pictures/seen-video.ts'

/** An answer and its account. */
export interface Reply {
  readonly text: string
  readonly finishReason: 'stop' | 'length' | 'aborted'
  readonly tokens: {
    /** Visual tokens: patches of the images, tokens given to the language model, tokens left in its last layer. */
    readonly visual: { readonly before: number; readonly after: number; readonly last: number }
    readonly text: number
    readonly cached: number
    readonly generated: number
  }
  /** Milliseconds per stage; `ttft` is preprocessing, vision and prefill together. */
  readonly milliseconds: Readonly<Record<'preprocess' | 'vision' | 'prefill' | 'decode' | 'ttft', number>>
  readonly flops: Readonly<Record<'vision' | 'prefill' | 'decode', number>>
  /** For each image, for each patch in raster order: 1 if it (or what it was merged into) reached the last layer. */
  readonly kept: readonly (readonly number[])[]
  /** For each video, in the order of the prompt: the frames that the model saw. */
  readonly videos: readonly SeenVideo[]
}

/** What a turn computed. */
interface Turn {
  readonly text: string
  readonly finishReason: Reply['finishReason']
  readonly prompt: number
  readonly cached: number
  readonly generated: number
  readonly prefill: ChunkResult
  readonly steps: readonly ChunkResult[]
}

/** What it was about. */
interface TurnContext {
  readonly images: readonly EncodedImage[]
  /** Whether the images were part of this turn's prefill. */
  readonly withImages: boolean
  /** Visual tokens that reached the last layer. */
  readonly lastKept: readonly number[]
  readonly program: LanguageProgram
}

/** The account of a turn. */
export function replyOf(turn: Turn, { images, withImages, lastKept, program }: TurnContext): Reply {
  const views = images.flatMap((image) => image.views)
  const fresh = withImages ? images.filter((image) => !image.cached) : []
  const sum = (values: readonly number[]) => values.reduce((a, b) => a + b, 0)
  const vision = sum(fresh.flatMap((image) => image.views.map((view) => view.milliseconds)))
  const preprocess = sum(fresh.map((image) => image.preprocessMilliseconds))
  const after = sum(views.map((view) => view.embeds.dims[0]))
  return {
    text: turn.text,
    finishReason: turn.finishReason,
    tokens: {
      visual: { before: sum(images.map((image) => image.patches)), after, last: lastKept.length },
      text: turn.prompt - (withImages ? views.length : 0),
      cached: turn.cached,
      generated: turn.generated,
    },
    milliseconds: {
      preprocess,
      vision,
      prefill: turn.prefill.milliseconds,
      decode: sum(turn.steps.map((step) => step.milliseconds)),
      ttft: preprocess + vision + turn.prefill.milliseconds,
    },
    flops: {
      vision: sum(fresh.flatMap((image) => image.views.map((view) => view.cost.flops))),
      prefill: program.cost(turn.prefill.sizes).flops,
      decode: decodeFlops(program, turn.steps),
    },
    kept: keptPatches(images, lastKept),
    videos: images.flatMap(({ video }) => video ?? []),
  }
}

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
