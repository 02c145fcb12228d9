import type { LanguageProgram } from '../flow/language-program.ts'
import type { EncodedImage } from '../parts.ts'
import type { Decoded } from './decoding.ts'
import { tokensOfPatches } from './patch-tokens.ts'
import type { BranchAccount, Guessed, Reply } from './reply.ts'
import type { StepCost, Voice } from './voices.ts'

/** The account of an answer; what its branches cost is in the sums, and by itself. */
export function replyOf(
  [own, ...others]: readonly Voice[],
  decoded: Decoded,
  guesses?: Pick<Guessed, 'proposed' | 'accepted'>,
): Reply {
  const branches = others.map((voice): BranchAccount => ({ by: voice.by!.name, ...accountOf(voice) }))
  const { tokens, ...costs } = accountOf(own)
  const { images, lastKept } = own.reading
  const { text, finishReason, generated, fed, notes } = decoded
  return {
    text,
    finishReason,
    tokens: { ...tokens, generated, ...(fed > 0 && { fed }) },
    ...addCosts([costs, ...branches]),
    kept: keptPatches(images, lastKept),
    ...(images.length > 0 && { passage: { patches: tokensOfPatches(images), steps: own.reading.steps } }),
    videos: images.flatMap(({ video }) => video ?? []),
    ...(branches.length > 0 && { branches }),
    ...(notes.length > 0 && { notes }),
    ...(guesses && { speculation: { ...guesses, passes: own.steps.length } }),
  }
}

type Costs = Pick<Reply, 'milliseconds' | 'flops'>

/** The same of several things together. */
export function addCosts(costs: readonly Costs[]): Costs {
  const add = <Name extends string>(names: readonly Name[], of: (cost: Costs) => Readonly<Record<Name, number>>) =>
    Object.fromEntries(names.map((name) => [name, sum(costs.map((cost) => of(cost)[name]))])) as Record<Name, number>
  return {
    milliseconds: add(['preprocess', 'vision', 'prefill', 'decode', 'ttft'], (cost) => cost.milliseconds),
    flops: add(['vision', 'prefill', 'decode'], (cost) => cost.flops),
  }
}

/** What one reading took. */
function accountOf({ reading, strand, steps }: Voice): Omit<BranchAccount, 'by'> {
  const { images, fresh, lastKept, visualRows, chunk } = reading
  const { program } = strand.cache
  const vision = sum(fresh.flatMap((image) => image.views.map((view) => view.milliseconds)))
  const preprocess = sum(fresh.map((image) => image.preprocessMilliseconds))
  const after = sum(images.flatMap((image) => image.views.map((view) => view.embeds.dims[0])))
  return {
    tokens: {
      visual: {
        before: sum(images.map((image) => image.patches)),
        after,
        last: lastKept.length,
        ...(visualRows && { layers: visualRows }),
      },
      text: reading.news - reading.views,
      cached: reading.cached,
      ...(reading.cached > 0 && { reused: reading.reused }),
    },
    milliseconds: {
      preprocess,
      vision,
      prefill: chunk.milliseconds,
      decode: sum(steps.map((step) => step.milliseconds)),
      ttft: preprocess + vision + chunk.milliseconds,
    },
    flops: {
      vision: sum(fresh.flatMap((image) => image.views.map((view) => view.cost.flops))),
      prefill: program.cost(chunk.sizes).flops,
      decode: decodeFlops(program, steps),
    },
  }
}

const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0)

/** Steps that read as much cost more linearly with the past, so the first and the last of them give the sum. */
function decodeFlops(language: LanguageProgram, steps: readonly StepCost[]): number {
  const lengths = [...new Set(steps.map(({ sizes }) => sizes.asked))]
  const alike = lengths.map((length) => steps.filter(({ sizes }) => sizes.asked === length))
  return sum(alike.map((same) => same.length * meanFlops(language, same)))
}

function meanFlops(language: LanguageProgram, steps: readonly StepCost[]): number {
  const [first, last] = [steps[0], steps[steps.length - 1]].map((step) => language.cost(step.sizes).flops)
  return (first + last) / 2
}

/** Patches whose token reached the last layer, per image. */
function keptPatches(images: readonly EncodedImage[], lastKept: readonly number[]): number[][] {
  const alive = new Set(lastKept)
  return tokensOfPatches(images).map((tokens) => tokens.map((token) => Number(alive.has(token))))
}
