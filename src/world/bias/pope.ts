import { say, tongueOf, type WorldTongue } from '../language/index.ts'
import type { QA } from '../questions/task.ts'
import type { Rng } from '../rng.ts'
import type { Scene } from '../scene.ts'
import { nameOf } from '../things/item.ts'
import { aOf, itemsOf } from '../things/questions/names.ts'
import { THINGS } from '../things/table.ts'
import { POPULAR, partnersOf } from './habits.ts'

/** How what is not there is chosen: by chance, among what is frequent, or among what habit expects. */
export const NEGATIVES = ['random', 'popular', 'adversarial'] as const
export type Negative = (typeof NEGATIVES)[number]

/** Names that the scene does not show, the best choice first. */
function absentNames(present: ReadonlySet<string>, kind: Negative, rng: Rng): string[] {
  const free = (names: readonly string[]) => rng.shuffle(names.filter((name) => !present.has(name)))
  const any = free(THINGS.map(({ name }) => name))
  if (kind === 'random') return any
  const popular = free(POPULAR)
  if (kind === 'popular') return [...popular, ...any]
  const expected = free([...new Set([...present].flatMap(partnersOf))])
  return [...expected, ...popular, ...any]
}

/**
 * Polling (Li et al. 2023, "Evaluating Object Hallucination in Large Vision-Language Models"): as many things that are
 * there as things that are not, at most `pairs` of each, asked for with yes or no.
 */
export function pope(scene: Scene, kind: Negative, rng: Rng, pairs = 3, language = 'en'): QA[] {
  const tongue = tongueOf(language)
  const present = new Set(itemsOf(scene).map(nameOf))
  const there = rng.shuffle([...present]).slice(0, pairs)
  const absent = absentNames(present, kind, rng).slice(0, there.length)
  const ask = (name: string, answer: string): QA => ({
    task: `pope-${kind}`,
    question: say(tongue, rng, 'exist', { a: aOf(tongue, { name }) }),
    answer,
    candidates: [tongue.yes, tongue.no],
    ...(language !== 'en' && { language }),
  })
  return rng.shuffle([...there.map((name) => ask(name, tongue.yes)), ...absent.map((name) => ask(name, tongue.no))])
}

/** Accuracy, precision, recall, F1 and the share of yes over answers to balanced questions. */
export function popeScores(pairs: readonly { readonly said: boolean; readonly right: boolean }[]) {
  const count = (said: boolean, right: boolean) =>
    pairs.filter((pair) => pair.said === said && pair.right === right).length
  const [hits, false_, misses] = [count(true, true), count(true, false), count(false, true)]
  const share = (part: number, whole: number) => (whole > 0 ? part / whole : 0)
  const [precision, recall] = [share(hits, hits + false_), share(hits, hits + misses)]
  return {
    accuracy: share(hits + count(false, false), pairs.length),
    precision,
    recall,
    f1: share(2 * precision * recall, precision + recall),
    yes: share(hits + false_, pairs.length),
  }
}

/** Every noun that a language has for a thing, with its plural, the longest first. */
function nounsOf(tongue: WorldTongue): { text: string; name: string }[] {
  const nouns = THINGS.flatMap(({ name }) =>
    [false, true].map((many) => ({ text: tongue.phrase({ name }, many).text, name })),
  )
  return nouns.sort((a, b) => b.text.length - a.text.length)
}

/** The things that a text names: of nouns inside others ("ball" in "soccer ball") the longest. */
export function thingsNamed(text: string, language = 'en'): string[] {
  let rest = ` ${text.toLowerCase().replace(/[^\p{L}\p{N}-]+/gu, ' ')} `
  const found = new Set<string>()
  for (const { text: noun, name } of nounsOf(tongueOf(language))) {
    if (!rest.includes(` ${noun} `)) continue
    found.add(name)
    rest = rest.replaceAll(` ${noun} `, ' | ')
  }
  return [...found]
}

/** What a caption names of a scene, and what it names that is not there. */
export interface Chair {
  readonly named: readonly string[]
  readonly hallucinated: readonly string[]
  /** Things of the scene that it names, of all that are there. */
  readonly covered: number
}

/** Counts for CHAIR (Rohrbach et al. 2018, "Object Hallucination in Image Captioning"). */
export function chair(caption: string, scene: Scene, language = 'en'): Chair {
  const present = new Set(itemsOf(scene).flatMap((item) => (item.kind === 'thing' ? [item.name] : [])))
  const named = thingsNamed(caption, language)
  const hallucinated = named.filter((name) => !present.has(name))
  return { named, hallucinated, covered: present.size > 0 ? (named.length - hallucinated.length) / present.size : 1 }
}

/** CHAIR_i: share of named things that are not there; CHAIR_s: share of captions that name one. */
export function chairScores(all: readonly Chair[]): { instances: number; sentences: number } {
  const sum = (of: (each: Chair) => number) => all.reduce((total, each) => total + of(each), 0)
  const named = sum((each) => each.named.length)
  return {
    instances: named > 0 ? sum((each) => each.hallucinated.length) / named : 0,
    sentences: all.length > 0 ? all.filter((each) => each.hallucinated.length > 0).length / all.length : 0,
  }
}
