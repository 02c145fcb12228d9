/** What an answer cost, for people and for programs. */

import { idOf, type Method } from '../pipeline/method/method.ts'
import type { ModelParts } from '../pipeline/parts.ts'
import type { SeenVideo } from '../pipeline/pictures/seen-video.ts'
import { type Precision, precisionJson } from '../pipeline/precision-report.ts'
import type { Reply } from '../pipeline/talk/reply.ts'
import { escapeLine } from './escape.ts'

/** `144 -> 36 visual tokens`, or `144 visual tokens` where all of them reached the last layer. */
export function visualTokensLine({ tokens: { visual } }: Reply): string {
  const { before, last } = visual
  return `${before === last ? before : `${before} -> ${last}`} visual tokens`
}

/** `clip.mp4: 32 of 300 frames, 0.00 s to 9.69 s (3.2 a second)` */
export function videoLine({ name, frames, of, framesPerSecond, timestamps }: SeenVideo): string {
  const [first, last] = [timestamps[0], timestamps[frames - 1]].map((time) => `${time.toFixed(2)} s`)
  const counted = `${frames} of ${of} frame${of === 1 ? '' : 's'}`
  const range = frames > 1 ? `${first} to ${last} (${Number(framesPerSecond.toPrecision(3))} a second)` : `at ${first}`
  return `${name ? `${escapeLine(name)}: ` : ''}${counted}, ${range}`
}

/**
 * `312 ms (vision 40, prefill 22, decode 9) · 1.9 GFLOP`, and the dtype if it is not fp32; the first number is the time
 * since the process started. Where guesses were read, what came of them.
 */
export function costLine(
  { milliseconds: { vision, prefill, decode }, flops, tokens, speculation }: Reply,
  total: number,
  dtype: Precision = 'fp32',
): string {
  const stages = Object.entries({ vision, prefill, decode }).map(([name, ms]) => `${name} ${ms.toFixed(0)}`)
  const parts = [`${total.toFixed(0)} ms (${stages.join(', ')})`, formatFlops(totalFlops(flops))]
  const guesses = speculation ? [guessLine(speculation, tokens.generated)] : []
  return [...parts, ...(dtype === 'fp32' ? [] : [dtype]), ...guesses].join(' · ')
}

/** `12 of 15 guesses said, 0.38 passes per token` */
const guessLine = ({ proposed, accepted, passes }: NonNullable<Reply['speculation']>, generated: number): string =>
  `${accepted} of ${proposed} guesses said, ${(passes / Math.max(1, generated)).toFixed(2)} passes per token`

export const totalFlops = ({ vision, prefill, decode }: Reply['flops']): number => vision + prefill + decode

/** With three digits: `43.1 MFLOP`, `1.90 GFLOP`. */
export function formatFlops(flops: number): string {
  const units = ['FLOP', 'kFLOP', 'MFLOP', 'GFLOP', 'TFLOP']
  const at = Math.min(units.length - 1, Math.floor(Math.log10(Math.max(1, flops)) / 3))
  return `${(flops / 1000 ** at).toPrecision(3)} ${units[at]}`
}

/** Says that an answer is not whole: `the answer was cut off after 128 tokens; a larger --max-tokens gives more`. */
export function cutLine(
  { finishReason, tokens: { generated } }: Reply,
  maxTokens: number,
  method?: string,
): string | undefined {
  if (finishReason !== 'length') return undefined
  const who = method ? `the answer with ${method}` : 'the answer'
  const cut = `${who} was cut off after ${generated} token${generated === 1 ? '' : 's'}`
  return generated < maxTokens ? `${cut}: the model has room for no more` : `${cut}; a larger --max-tokens gives more`
}

/** Says which methods had nothing to act on: `evs acts on the frames of videos; images are left as they are`. */
export function leftAloneLine(
  method: Method,
  { images, videos }: { readonly images: readonly unknown[]; readonly videos: readonly unknown[] },
): string | undefined {
  const idle = (method.parts ?? [method]).filter(
    ({ needs, see }) => needs?.ofVideos || (see?.frames && Object.keys(see).length === 1),
  )
  if (images.length === 0 || videos.length > 0 || idle.length === 0) return undefined
  const until = idle.every(({ read }) => read) ? ' until the language model' : ''
  return `${idle.map(idOf).join(', ')} act${idle.length === 1 ? 's' : ''} on the frames of videos; images are left as they are${until}`
}

/** Says that a conversation has forgotten turns. */
export const droppedLine = ({ dropped }: Reply): string | undefined =>
  dropped
    ? `the ${dropped === 1 ? 'oldest question was' : `${dropped} oldest questions were`} forgotten to make room`
    : undefined

/** Says that no file of a model names a token that ends its answers. */
export const noEndLine = ({ name, eosFile }: ModelParts): string | undefined =>
  eosFile === undefined
    ? `${name}: neither generation_config.json, config.json nor tokenizer_config.json names an end token; answers go on to --max-tokens`
    : undefined

/**
 * The answer as data. `visual.after` is what reached the last layer, `visual.given` what entered the first, `visual.layers`
 * what each was given.
 */
export function replyJson(
  reply: Reply,
  { name, precision, eosFile }: ModelParts,
  method: string,
  total: number,
  seen: readonly SeenVideo[] = reply.videos,
): object {
  const { before, after, last, layers } = reply.tokens.visual
  return {
    answer: reply.text,
    finishReason: reply.finishReason,
    ...(eosFile === undefined && { noEndToken: true }),
    model: name,
    dtype: precision.dtype,
    precision: precisionJson(precision),
    method,
    ...(seen.length && { videos: seen }),
    tokens: { ...reply.tokens, visual: { before, given: after, after: last, ...(layers && { layers }) } },
    ...(reply.speculation && { speculation: reply.speculation }),
    flops: reply.flops,
    ms: { ...reply.milliseconds, total },
    ...(reply.branches && { branches: reply.branches }),
    ...(reply.calls && { calls: reply.calls.length }),
    ...(reply.notes && { notes: reply.notes }),
    peakMemoryBytes: process.resourceUsage().maxRSS * 1024,
  }
}
