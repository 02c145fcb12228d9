/** Questions with options about images of Fovea World; some of them need no image. */
import type { RgbImage } from '../media/image.ts'
import type { Method } from '../pipeline/method/method.ts'
import type { Model } from '../pipeline/model.ts'
import { GREEDY } from '../text/sampling.ts'
import { fromRgba } from '../training/mini/images.ts'
import { Rng, type Sample, type Split, sample } from '../world/index.ts'
import { renderPixels } from '../world/node-canvas.ts'
import { type Choice, choiceOf, cornersOf, leakedAnswer, leakedOptions, sumOf } from '../world/questions/choice.ts'

/** Why text alone answers a question. */
export const PLANTED = ['corners', 'sum', 'options', 'question'] as const
export type Planted = (typeof PLANTED)[number]

/** A question about an image. `planted` where text alone answers it. */
export interface ChoiceItem extends Choice {
  readonly index: number
  readonly planted?: Planted
  readonly image: RgbImage
}

/** Tasks of the questions that need their image. */
const VISUAL = ['color', 'shape', 'count', 'bar'] as const
/** Those whose options can be leaked. */
const LEAKABLE = ['color', 'shape', 'size'] as const
/** Draws of one item lie so far apart. */
const STRIDE = 1_000_000

export interface ChoiceKey {
  readonly split: Split
  readonly seed: number
}

/** `n` questions that need their image and `n` that do not, in turns, all kinds alike; a function of the key alone. */
export const choiceTexts = (key: ChoiceKey, n: number): Omit<ChoiceItem, 'image'>[] =>
  drawChoices(key, n).map(({ scene: _, ...item }) => item)

/** The same with their images. */
export const choiceItems = (key: ChoiceKey, n: number): ChoiceItem[] =>
  drawChoices(key, n).map(({ scene, ...item }) => ({
    ...item,
    image: fromRgba(renderPixels(scene), scene.size, scene.size),
  }))

type Drawn = Omit<ChoiceItem, 'image'> & Pick<Sample, 'scene'>

const drawChoices = (key: ChoiceKey, n: number): Drawn[] =>
  Array.from({ length: 2 * n }, (_, index) => {
    const round = index >> 1
    const planted = index % 2 ? PLANTED[round % PLANTED.length] : undefined
    const task = planted ? LEAKABLE[round % LEAKABLE.length] : VISUAL[round % VISUAL.length]
    return drawOne(key, index, task, planted)
  })

/** Draws until a scene allows what is asked of it. */
function drawOne({ split, seed }: ChoiceKey, index: number, task: string, planted?: Planted): Drawn {
  const rng = Rng.from(seed, 'choices', split, index)
  for (let round = 0; ; round++) {
    const drawn = sample({ split, seed, index: index + round * STRIDE, task })
    const choice = choose(drawn, rng, planted)
    if (choice) return { ...choice, index, ...(planted && { planted }), scene: drawn.scene }
  }
}

function choose({ scene, qa }: Sample, rng: Rng, planted?: Planted): Choice | undefined {
  if (planted === 'corners') return cornersOf(rng)
  if (planted === 'sum') return sumOf(rng)
  if (planted === 'options') return leakedOptions(qa, rng)
  if (planted === 'question') return leakedAnswer(scene, rng)
  return choiceOf(qa, rng)
}

/** What a model is shown beside the question. */
export type Sight = 'image' | 'gray' | 'nothing'

/**
 * The option that a model chooses, by its place. It is asked the question alone and answers in its own words; where those
 * are no option, the option counts whose first token is likeliest.
 */
export async function chooseOption(
  model: Model,
  { question, options, image }: ChoiceItem,
  sight: Sight,
  method?: Method,
): Promise<number> {
  let logits = new Float32Array(0)
  const onPrefill = (_: readonly number[], last: Float32Array) => {
    logits = last.slice()
  }
  const images = imagesOf(image, sight)
  const { text } = await model.generate({ prompt: question, images, method, ...GREEDY, maxTokens: 4, onPrefill })
  const said = options.indexOf(text.trim().toLowerCase())
  if (said >= 0) return said
  const first = options.map((option) => logits[model.parts.tokenizer.encode(option)[0]])
  return first.indexOf(Math.max(...first))
}

/** The gray in the middle of all colours normalises to zeros. */
export const imagesOf = (image: RgbImage, sight: Sight): RgbImage[] =>
  sight === 'nothing' ? [] : [sight === 'gray' ? { ...image, data: image.data.slice().fill(128) } : image]
