/** What a method costs in time, each answer beside one of the dense model about the same picture. */
import { type Item, worldItem } from '../../evaluation/world.ts'
import { dense } from '../../pipeline/method/compose.ts'
import type { Method } from '../../pipeline/method/method.ts'
import type { Model } from '../../pipeline/model.ts'
import type { Reply } from '../../pipeline/talk/reply.ts'
import { TASK_IDS } from '../../world/index.ts'
import { SPLIT } from '../reports/lab.ts'

/** Medians of stages in milliseconds. Choosing tokens is part of the stage that it happens in. */
export interface Times {
  readonly preprocess: number
  readonly vision: number
  readonly prefill: number
  readonly ttft: number
  /** Of the answer. */
  readonly perToken: number
}

export interface Timing {
  readonly own: Times
  readonly dense: Times
  /** Time to the first token over that of the dense model beside it: the median, and the middle half. */
  readonly ttft: readonly [median: number, low: number, high: number]
  readonly rounds: number
}

const TOKENS = 8
const WARM_UP = 2

/** Both in turn, the first of a round alternating; pictures are encoded anew each time. */
export async function timed(
  model: Model,
  method: Method,
  { rounds, seed, signal }: { readonly rounds: number; readonly seed: number; readonly signal: AbortSignal },
): Promise<Timing> {
  const replies: Record<'own' | 'dense', Reply[]> = { own: [], dense: [] }
  for (let round = -WARM_UP; round < rounds; round++) {
    const task = TASK_IDS[(round + WARM_UP) % TASK_IDS.length]
    const item = await worldItem({ set: 'world', split: SPLIT, seed }, task, round + WARM_UP)
    const turns = [
      ['own', method],
      ['dense', dense],
    ] as const
    for (const [name, each] of round % 2 === 0 ? turns : [...turns].reverse()) {
      signal.throwIfAborted()
      const reply = await ask(model, each, item)
      if (round >= 0) replies[name].push(reply)
    }
  }
  const ratios = replies.own.map((reply, at) => reply.milliseconds.ttft / replies.dense[at].milliseconds.ttft)
  return {
    own: timesOf(replies.own),
    dense: timesOf(replies.dense),
    ttft: [quantile(ratios, 0.5), quantile(ratios, 0.25), quantile(ratios, 0.75)],
    rounds,
  }
}

function ask(model: Model, method: Method, { image, turns: [{ question }] }: Item): Promise<Reply> {
  model.forgetPictures()
  return model.generate({
    prompt: question,
    images: [image],
    method,
    maxTokens: TOKENS,
    ignoreEos: true,
    temperature: 0,
  })
}

function timesOf(replies: readonly Reply[]): Times {
  const median = (of: (reply: Reply) => number) => quantile(replies.map(of), 0.5)
  const stage = (name: 'preprocess' | 'vision' | 'prefill' | 'ttft') => median(({ milliseconds }) => milliseconds[name])
  return {
    preprocess: stage('preprocess'),
    vision: stage('vision'),
    prefill: stage('prefill'),
    ttft: stage('ttft'),
    perToken: median(({ milliseconds, tokens }) => milliseconds.decode / Math.max(1, tokens.generated - 1)),
  }
}

function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  const at = share * (sorted.length - 1)
  const [low, high] = [sorted[Math.floor(at)], sorted[Math.ceil(at)]]
  return low + (at - Math.floor(at)) * (high - low)
}
