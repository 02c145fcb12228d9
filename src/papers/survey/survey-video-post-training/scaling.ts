/** More computation for one answer: several are drawn, and one of them is taken. */
import { z } from 'zod'
import { pickFrames } from '../../../media/video/pick-frames.ts'
import type { PlaceFunctions } from '../../../pipeline/method/method.ts'
import type { Request } from '../../../pipeline/method/talk-side.ts'
import { replyFrom, silently } from '../../../pipeline/talk/calls.ts'
import type { ContentPart, Message } from '../../../pipeline/talk/message.ts'
import { pictureParts } from '../../../pipeline/talk/picture-parts.ts'
import type { Reply } from '../../../pipeline/talk/reply.ts'
import { logProbability } from '../../../text/log-probability.ts'
import { bestOf, isUnanimous, majority, normalised } from './vote.ts'

export const scalingOptions = z.object({
  way: z
    .enum(['vote', 'best', 'sparse-to-dense'])
    .default('vote')
    .describe('the most frequent answer, the one the model is surest of, or votes over more frames until all agree'),
  answers: z.int().min(1).max(64).default(5).describe('answers that are drawn'),
  temperature: z.number().gt(0).default(1).describe('how freely they are drawn'),
  topP: z.number().gt(0).max(1).default(0.95).describe('likeliest tokens up to this probability'),
  first: z.int().min(1).default(32).describe('frames that are shown at first, where there are more'),
  most: z.int().min(1).default(128).describe('frames that are shown at last'),
})

type Options = z.output<typeof scalingOptions>
type Next = (request: Request) => Promise<Reply>

interface Drawn {
  readonly reply: Reply
  readonly answer: string
  /** Mean log-probability of its tokens. */
  readonly score: number
}

export const testTimeScaling = (options: Options): PlaceFunctions => ({
  talk: {
    answer: (asked, next) =>
      options.way === 'sparse-to-dense' ? denser(asked, next, options) : once(asked, next, options),
  },
})

async function once(asked: Request, next: Next, options: Options): Promise<Reply> {
  const drawn = await draw(asked, next, options, 0)
  const scores = drawn.map(({ score }) => score)
  const answers = drawn.map(({ answer }) => answer)
  return told(drawn, options.way === 'best' ? bestOf(scores) : majority(answers), {})
}

/** F frames, then 2 F, until all answers are one or all frames are seen; then the majority of the last. */
async function denser(asked: Request, next: Next, options: Options): Promise<Reply> {
  const total = framesOf(asked.messages)
  const most = Math.min(total, Math.max(options.first, options.most))
  const all: Drawn[] = []
  for (let frames = Math.min(options.first, most); ; frames = Math.min(2 * frames, most)) {
    const messages = frames < total && !asked.options.rawPrompt ? thinned(asked.messages, frames) : asked.messages
    const drawn = await draw({ ...asked, messages }, next, options, all.length)
    all.push(...drawn)
    const answers = drawn.map(({ answer }) => answer)
    const isDone = frames >= most || isUnanimous(answers) || drawn.at(-1)!.reply.finishReason === 'aborted'
    const winner = majority(answers)
    if (isDone) return told(all, winner === undefined ? undefined : all.length - drawn.length + winner, { frames })
  }
}

/** Answers one after another, each from a seed of its own; those after one that was aborted are not asked for. */
async function draw(
  asked: Request,
  next: Next,
  { answers, temperature, topP }: Options,
  from: number,
): Promise<Drawn[]> {
  const drawn: Drawn[] = []
  const { seed = 0 } = asked.options
  for (let at = 0; at < answers; at++) {
    const chances: number[] = []
    const onToken = (id: number, logits: Float32Array) => chances.push(logProbability(logits, id))
    const options = { ...asked.options, temperature, topP, seed: seed + from + at }
    const quiet = silently({ messages: [...asked.messages], options }) // a list of its own: it is asked aside
    const reply = await next({ ...quiet, options: { ...quiet.options, onToken } })
    const score = chances.reduce((sum, chance) => sum + chance, 0) / (chances.length || 1)
    drawn.push({ reply, answer: normalised(reply.text), score })
    if (reply.finishReason === 'aborted') break
  }
  return drawn
}

/** The answer at a place, the first where none won, and what all of them cost. */
function told(drawn: readonly Drawn[], winner = 0, more: { readonly frames?: number }): Reply {
  const { text, finishReason } = drawn[winner].reply
  const note = { answers: drawn.map(({ reply }) => reply.text), ...more }
  const calls = drawn.map(({ reply }) => reply)
  const whole = replyFrom(calls, { text, note, by: 'survey-video-post-training' })
  return { ...whole, finishReason: calls.at(-1)!.finishReason === 'aborted' ? 'aborted' : finishReason }
}

const countOf = (part: ContentPart): number => (part.type === 'video' ? (part.video?.frames.length ?? 0) : 1)

const framesOf = (messages: readonly Message[]): number =>
  pictureParts(messages).reduce((sum, part) => sum + countOf(part), 0)

/** So many of the pictures and frames of a conversation: those at floor(j T / F). */
export function thinned(messages: readonly Message[], frames: number): readonly Message[] {
  const total = framesOf(messages)
  const stays = new Set(Array.from({ length: frames }, (_, j) => Math.floor((j * total) / frames)))
  let at = 0
  const partOf = (part: ContentPart): readonly ContentPart[] => {
    if (part.type === 'text') return [part]
    const own = Array.from({ length: countOf(part) }, (_, i) => i).filter((i) => stays.has(at + i))
    at += countOf(part)
    if (own.length === 0) return []
    return part.type === 'video' && part.video ? [{ ...part, video: pickFrames(part.video, own) }] : [part]
  }
  return messages.map(({ role, content }) => ({
    role,
    content: typeof content === 'string' ? content : content.flatMap(partOf),
  }))
}
