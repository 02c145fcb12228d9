/** What the answers of an arm come to, beside those of its baselines. */
import { accuracyOf } from '../../evaluation/accuracy.ts'
import { mcnemar } from '../../evaluation/mcnemar.ts'
import type { Difference } from '../../evaluation/paired.ts'
import type { Proportion } from '../../evaluation/proportion.ts'
import { wilson } from '../../evaluation/proportion.ts'
import type { Answer } from '../../evaluation/world.ts'
import { compareMeans } from '../reports/asker.ts'
import type { Timing } from './timing.ts'

/** Tasks whose answer lies in one place of the picture, and those that are about all of it; the others are neither. */
export const LOCAL: readonly string[] = [
  'exist',
  'relation',
  'read',
  'box',
  'grid',
  'bar',
  'color',
  'shape',
  'size',
  'compare',
]
export const GLOBAL: readonly string[] = ['count', 'caption']

/** One method at one share. Shares are of 1; differences are of shares. */
export interface Point {
  readonly label: string
  readonly keep?: number
  /** Of the method that was run, with all options. */
  readonly method: string
  readonly questions: number
  readonly accuracy: Proportion
  readonly local?: Proportion
  readonly global?: Proportion
  /** Of dialogues: the first question, for which tokens may have been chosen, and those after it. */
  readonly turns?: { readonly first: Proportion; readonly later: Proportion }
  readonly against: {
    readonly dense?: Difference
    readonly resize?: Difference
    readonly random?: Difference
  }
  /** Exact p of McNemar's test against a smaller picture with as many tokens. */
  readonly p?: number
  /** Accuracy over that of the dense model. */
  readonly retention: number
  /** Right among the questions that the dense model answers and the smaller picture does not: where a method can earn its keep. */
  readonly needed?: Proportion & { readonly count: number }
  readonly tokens: { readonly before: number; readonly mean: number; readonly last: number }
  /** FLOPs of the prefill over those of the dense model. */
  readonly flops: number
  readonly timing?: Timing
}

/** Answers of an arm: one list, or one for each random subset. */
export type Answers = readonly (readonly Answer[])[]

export interface Beside {
  readonly dense: Answers
  readonly resize?: Answers
  readonly random?: Answers
}

export type Facts = Pick<Point, 'label' | 'keep' | 'method' | 'timing'>

export function pointOf(facts: Facts, own: Answers, beside: Beside, seed: number): Point {
  const { dense, resize, random } = beside
  const against = (others: Answers | undefined) =>
    others && others !== own ? compareMeans(own, others, seed) : undefined
  const isBaseline = own === dense || own === resize || own === random
  return {
    ...facts,
    questions: own[0].length,
    accuracy: shareOf(own),
    local: among(own, LOCAL),
    global: among(own, GLOBAL),
    turns: turnsOf(own),
    against: { dense: against(dense), resize: against(resize), random: against(random) },
    retention: shareOf(own).share / shareOf(dense).share,
    ...(resize && !isBaseline && { p: mcnemarOf(own[0], resize[0]), needed: neededOf(own[0], dense[0], resize[0]) }),
    tokens: {
      before: mean(own, ({ visualTokens }) => visualTokens.before),
      mean: mean(own, ({ visualTokens }) => visualTokens.mean ?? visualTokens.after),
      last: mean(own, ({ visualTokens }) => visualTokens.after),
    },
    flops: prefill(own) / prefill(dense),
  }
}

/** Tasks count alike. Of several subsets the mean, with the interval of one: they answer the same questions. */
function shareOf(arms: Answers): Proportion {
  const shares = arms.map(accuracyOf)
  const average = (of: (share: Proportion) => number) =>
    shares.reduce((sum, share) => sum + of(share), 0) / shares.length
  return { share: average(({ share }) => share), low: average(({ low }) => low), high: average(({ high }) => high) }
}

function among(arms: Answers, tasks: readonly string[]): Proportion | undefined {
  const chosen = arms.map((answers) => answers.filter(({ task }) => tasks.includes(task)))
  return chosen[0].length > 0 ? shareOf(chosen) : undefined
}

function turnsOf(arms: Answers): Point['turns'] {
  const turns = arms.flatMap((answers) => {
    const dialogues = answers.filter(({ task }) => task === 'dialogue')
    return dialogues.map(({ correct, index }, at) => ({ correct, isFirst: dialogues[at - 1]?.index !== index }))
  })
  if (turns.length === 0) return undefined
  const share = (isFirst: boolean) => {
    const own = turns.filter((turn) => turn.isFirst === isFirst)
    return wilson(own.filter(({ correct }) => correct).length, own.length)
  }
  return { first: share(true), later: share(false) }
}

function mcnemarOf(own: readonly Answer[], other: readonly Answer[]): number {
  const only = (a: readonly Answer[], b: readonly Answer[]) =>
    a.filter(({ correct }, at) => correct && !b[at].correct).length
  return mcnemar(only(own, other), only(other, own))
}

function neededOf(own: readonly Answer[], dense: readonly Answer[], resize: readonly Answer[]): Point['needed'] {
  const chosen = own.filter((_, at) => dense[at].correct && !resize[at].correct)
  return { ...wilson(chosen.filter(({ correct }) => correct).length, chosen.length), count: chosen.length }
}

/** Of questions that came with their picture; later turns of a dialogue have it in the cache. */
const prefill = (arms: Answers): number =>
  mean(
    arms.map((answers) => answers.filter(({ task }) => task !== 'dialogue')),
    ({ flops }) => flops.prefill,
  )

function mean(arms: Answers, of: (answer: Answer) => number): number {
  const values = arms.flat().map(of)
  return values.reduce((sum, value) => sum + value, 0) / values.length
}
