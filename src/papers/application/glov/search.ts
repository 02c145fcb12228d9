/** A search over prompts that ranks all it has ever tried. */

/** What stands for the question in a prompt. */
export const SLOT = '<question>'

export interface Tried {
  readonly prompt: string
  /** Share of right answers on the few examples. */
  readonly fitness: number
}

/** Highest first; of equals the one that was tried first. */
export const ranked = (history: readonly Tried[]): Tried[] =>
  history
    .map((tried, at) => ({ tried, at }))
    .sort((a, b) => b.tried.fitness - a.tried.fitness || a.at - b.at)
    .map(({ tried }) => tried)

export interface Extremes {
  readonly best: readonly Tried[]
  readonly worst: readonly Tried[]
}

/** The k best and the k worst, `k = min(k, floor(|P| / 2))`: no prompt is both. */
export function extremes(history: readonly Tried[], k: number): Extremes {
  const order = ranked(history)
  const count = Math.min(k, Math.floor(order.length / 2))
  return { best: order.slice(0, count), worst: count > 0 ? order.slice(-count) : [] }
}

/** p+ and p-: the best prompt and the best that is strictly below it; undefined where all are alike. */
export function guides(history: readonly Tried[]): readonly [plus: string, minus: string] | undefined {
  const [first, ...others] = ranked(history)
  const second = others.find(({ fitness }) => fitness < first.fitness)
  return second && [first.prompt, second.prompt]
}

const percent = (fitness: number): number => Math.trunc(100 * fitness)

const listOf = (tried: readonly Tried[]): string =>
  tried.map(({ prompt, fitness }) => `${prompt} (${percent(fitness)} %)`).join('\n')

/** What a language model is told to propose under. Accuracies are whole percents, cut off. */
export function metaPrompt(history: readonly Tried[], k: number, description: string): string {
  const { best, worst } = extremes(history, k)
  const known =
    best.length === 0
      ? `The first prompt, with its accuracy:\n${listOf(history.slice(0, 1))}`
      : `The best prompts so far:\n${listOf(best)}\nThe worst:\n${listOf(worst)}`
  return `You help to find prompts under which a vision-language model answers best. ${description}
${known}
Write one new prompt of the same form that is more accurate. It must hold ${SLOT}. Write nothing but the prompt.`
}

const LONGEST = 200

/** Prompts in a reply: each line, what stands before its last colon dropped, that holds the slot and is not too long. */
export const candidatesIn = (reply: string): string[] => [
  ...new Set(
    reply
      .replace(/^assistant\s*/i, '')
      .split('\n')
      .map((line) => line.slice(line.lastIndexOf(':') + 1).trim())
      .filter((line) => line.includes(SLOT) && line.length <= LONGEST),
  ),
]

export interface Search {
  readonly start: string
  readonly steps: number
  /** New prompts out of all that were tried; none is a step without one. */
  readonly propose: (history: readonly Tried[], step: number) => Promise<readonly string[]>
  readonly fitness: (prompt: string) => Promise<number>
}

/** All that was tried, in order. A prompt is scored once. */
export async function searchPrompts({ start, steps, propose, fitness }: Search): Promise<Tried[]> {
  const history: Tried[] = [{ prompt: start, fitness: await fitness(start) }]
  for (let step = 0; step < steps; step++)
    for (const prompt of await propose(history, step))
      if (history.every((tried) => tried.prompt !== prompt)) history.push({ prompt, fitness: await fitness(prompt) })
  return history
}

/** The best fitness after each prompt: it never falls. */
export const bestSoFar = (history: readonly Tried[]): number[] =>
  history.map((_, at) => Math.max(...history.slice(0, at + 1).map(({ fitness }) => fitness)))

/** A prompt with the question in each of its slots. */
export const filled = (prompt: string, question: string): string => prompt.split(SLOT).join(question)
