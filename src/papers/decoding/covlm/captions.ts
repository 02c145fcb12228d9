/** Captions of World scenes whose phrases are tied to boxes, as CoVLM is trained on. */
import { special } from '../../../training/mini/tokenizer.ts'
import { objectBox, phraseObject, type Rng, type Scene } from '../../../world/index.ts'
import { WORDS, type Word } from './words.ts'

/** Left, top, right, bottom as shares of the sides. */
export type Corners = readonly [number, number, number, number]

/** One slot of a caption: a token, or a region that is read there. */
export interface CaptionSlot {
  /** Of the vocabulary, or behind it a word of CoVLM's own; absent where a region is. */
  readonly id?: number
  readonly region?: Corners
  /** How much it counts that this slot is said. */
  readonly weight: number
  /** What the detector is to find at this slot. */
  readonly finds?: readonly Corners[]
}

export interface CaptionOptions {
  readonly encode: (text: string) => readonly number[]
  /** Token of the first word of CoVLM's own. */
  readonly first: number
  /** Chance that an object after the first is looked for before it is named. */
  readonly ahead: number
}

/** Objects from left to right, those that are described alike as one phrase with several boxes. */
export function phrasesOf(scene: Scene): { readonly text: string; readonly boxes: readonly Corners[] }[] {
  const phrases = new Map<string, Corners[]>()
  for (const object of [...scene.objects].sort((a, b) => a.x - b.x)) {
    const text = phraseObject(object)
    const box = objectBox(object).map((side) => Math.min(1, Math.max(0, side / scene.size))) as unknown as Corners
    phrases.set(text, [...(phrases.get(text) ?? []), box])
  }
  return [...phrases].map(([text, boxes]) => ({ text, boxes }))
}

/**
 * A question and the grounded caption that answers it: `<obj> phrase </obj> <visual> region ... </obj>`, or for objects after
 * the first, by chance, `<obj> <previsual> region <obj> phrase </obj>` with one region around all boxes.
 */
export function groundedCaption(question: string, scene: Scene, rng: Rng, options: CaptionOptions): CaptionSlot[] {
  const { encode, first, ahead } = options
  const phrases = phrasesOf(scene)
  const said = phrases.flatMap(({ text, boxes }, at): CaptionSlot[] => {
    const word = (name: Word, finds?: readonly Corners[]): CaptionSlot => ({
      id: first + WORDS.indexOf(name),
      weight: 1,
      finds,
    })
    const tokens = (words: string) => encode(words).map((id): CaptionSlot => ({ id, weight: 1 }))
    const region = (box: Corners): CaptionSlot => ({ region: box, weight: 0 })
    const phrase = [word('<obj>'), ...tokens(at === 0 ? text : ` ${text}`), word('</obj>')]
    const between = at === 0 ? [] : tokens(at === phrases.length - 1 ? ' and' : ',')
    if (at === 0 || !rng.chance(ahead))
      return [...between, ...phrase, word('<visual>', boxes), ...boxes.map(region), word('</obj>')]
    const whole = around(boxes)
    return [...between, word('<obj>'), word('<previsual>', [whole]), region(whole), ...phrase]
  })
  const answer = [...said, { id: special.eos, weight: 1 }]
  const learnt = Math.sqrt(answer.reduce((total, { weight }) => total + weight, 0))
  const asked = [special.user, ...encode(question), special.assistant]
  return [
    ...asked.map((id): CaptionSlot => ({ id, weight: 0 })),
    ...answer.map((slot) => ({ ...slot, weight: slot.weight / learnt })),
  ]
}

const around = (boxes: readonly Corners[]): Corners => [
  Math.min(...boxes.map(([left]) => left)),
  Math.min(...boxes.map(([, top]) => top)),
  Math.max(...boxes.map(([, , right]) => right)),
  Math.max(...boxes.map(([, , , bottom]) => bottom)),
]
