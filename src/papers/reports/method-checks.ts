/** What every method owes its users, wherever it acts, computed through the whole pipeline. */
import type { RgbImage } from '../../media/image.ts'
import { dense } from '../../pipeline/method/compose.ts'
import type { Method } from '../../pipeline/method/method.ts'
import { placesOf } from '../../pipeline/method/places.ts'
import type { Model } from '../../pipeline/model.ts'
import {
  INCOMPARABLE,
  type Looked,
  logitChange,
  look,
  lookUnder,
  notFinite,
  rowChangeBeyondRounding,
} from './asking.ts'
import { bothImages, type Check } from './check.ts'
import { type ProgramRun, watchModel } from './watched-model.ts'

export const methodChecks = (method: Method): Check[] => [
  finite(method),
  again(method),
  severalImages(method),
  atOnce(method),
  withoutImages(method),
  secondTurn(method),
  prefillRows(method),
  stepRows(method),
  streamed(method),
  counted(method),
]

const finite = (method: Method): Check => ({
  name: 'logits that are no numbers',
  unit: '',
  otherwise: 'some logits are not finite',
  measure: async (model, question) => notFinite(await lookUnder(model, method, question)),
})

const again = (method: Method): Check => ({
  name: 'change of logits when asked again',
  unit: '',
  otherwise: 'the same prompt gives other logits again',
  measure: async (model, question) => {
    const first = await lookUnder(model, method, question)
    return logitChange(first, await lookUnder(model, method, question))
  },
})

const severalImages = (method: Method): Check => ({
  name: 'faults with two images: logits that are no numbers, images without an account',
  unit: '',
  otherwise: 'two images in one prompt are not read as such',
  measure: async (model, question, next) => {
    if ((model.parts.architecture.prompt.maxImages ?? 2) < 2) return undefined
    const looked = await lookUnder(model, method, question, bothImages(question, next))
    return notFinite(looked) + Math.max(0, 2 - looked.reply.kept.length)
  },
  unsaid: 'the model takes one image at a time',
})

const atOnce = (method: Method): Check => ({
  name: 'change of logits when two questions are asked at once',
  unit: '',
  otherwise: 'conversations that run side by side are not kept apart',
  measure: async (model, question, next) => {
    const alone = [await lookUnder(model, method, question), await lookUnder(model, method, next)]
    const together = await Promise.all([question, next].map((each) => lookUnder(model, method, each)))
    return Math.max(...together.map((looked, at) => logitChange(alone[at], looked)))
  },
})

/** What acts only on what is seen has nothing to do where nothing is. */
function withoutImages(method: Method): Check {
  if (placesOf(method).every(({ side }) => side === 'see'))
    return {
      name: 'change of logits where there is no image',
      unit: '',
      otherwise: 'it changes prompts without an image',
      measure: async (model, question) =>
        logitChange(await lookUnder(model, method, question, []), await lookUnder(model, dense, question, [])),
    }
  return {
    name: 'logits that are no numbers, without an image',
    unit: '',
    otherwise: 'some logits are not finite where there is no image',
    measure: async (model, question) => notFinite(await lookUnder(model, method, question, [])),
  }
}

/**
 * A later turn goes on from the cache. A method that chose tokens by the first question, or wrote the prompt anew with it,
 * would read a whole conversation otherwise, and says nothing here.
 */
const secondTurn = (method: Method): Check => ({
  name: 'change of logits beyond rounding, second turn from the cache against both turns read anew',
  unit: '',
  otherwise: 'a second turn does not continue the first',
  unsaid: 'it spends tokens by the question: both turns read at once are another prompt than one after the other',
  measure: async (model, { image, prompt }, next) => {
    const [cached, whole] = await bothWays(model, method, image, [prompt, next.prompt])
    const change = rowChangeBeyondRounding(cached.run.logits, whole.run.logits)
    if (change === 0) return 0
    const isOther = cached.kept !== whole.kept || placesOf(method).some(({ name }) => name === 'sequence')
    return isOther ? undefined : change
  },
})

/** The prefill of a second turn, from the cache of the first and in a conversation of both. */
async function bothWays(model: Model, method: Method, image: RgbImage, [first, second]: readonly string[]) {
  const answers: string[] = []
  const cached = await lookTwice(model, method, image, [first, second], answers)
  const messages = [
    { role: 'user', content: [{ type: 'image' }, { type: 'text', text: first }] },
    { role: 'assistant', content: answers[0] },
    { role: 'user', content: second },
  ] as const
  const whole = await look(model, { messages, images: [image], method, maxTokens: 1 })
  return [cached, whole].map(({ reply, runs }) => ({ run: runs[0], kept: JSON.stringify(reply.kept) }))
}

async function lookTwice(
  model: Model,
  method: Method,
  image: RgbImage,
  [first, second]: readonly string[],
  answers: string[],
): Promise<Looked> {
  const watched = watchModel(model)
  const conversation = await watched.model.converse([image], method)
  try {
    answers.push((await conversation.ask(first, { maxTokens: 4 })).text)
    const before = watched.runs.length
    const reply = await conversation.ask(second, { maxTokens: 1 })
    return { reply, runs: watched.runs.slice(before) }
  } finally {
    await conversation.close()
  }
}

const beyond = (rows: (run: ProgramRun, layer: number) => number) => (run: ProgramRun) =>
  Math.max(...run.rowsAfter.map((_, layer) => rows(run, layer)), 0)

const added = ({ rowsAfter, rowsBefore }: ProgramRun, layer: number): number => rowsAfter[layer] - rowsBefore[layer]

/** Each cache holds what its layer saw: no more than the prompt, and in the last layer no more than was left of it. */
const prefillRows = (method: Method): Check => ({
  name: 'cache rows of a prompt beyond its tokens, and of the last layer beyond those that it was left',
  unit: 'rows',
  otherwise: 'caches hold rows of tokens that their layer did not see',
  measure: async (model, question) => {
    const { runs } = await lookUnder(model, method, question)
    const seen = runs.filter(({ visual }) => visual > 0)
    if (seen.length === 0) return undefined
    const spare = beyond((run, layer) => {
      const isLast = layer === run.rowsAfter.length - 1
      return added(run, layer) - run.text - (isLast ? run.kept.length : run.visual)
    })
    return Math.max(0, ...seen.map(spare))
  },
  unsaid: 'no visual token reached the language model',
})

const stepRows = (method: Method): Check => ({
  name: 'cache rows that a step of the answer adds beyond its token',
  unit: 'rows',
  otherwise: 'a step adds more to a cache than the token that it read',
  measure: async (model, question) => {
    const { runs, reply } = await lookUnder(model, method, question)
    const steps = runs.filter(({ text, visual, rowsBefore }) => text === 1 && visual === 0 && rowsBefore.some(Boolean))
    if (reply.tokens.generated > 1 && steps.length === 0) return INCOMPARABLE
    return Math.max(0, ...steps.map(beyond((run, layer) => Math.abs(added(run, layer) - 0.5) - 0.5)))
  },
})

const streamed = (method: Method): Check => ({
  name: 'characters by which a streamed answer differs from the whole one',
  unit: '',
  otherwise: 'pieces of a streamed answer are not the answer',
  measure: async (model, { image, prompt }) => {
    const asked = { prompt, images: [image], method, maxTokens: 8, ignoreEos: true }
    const whole = await model.generate(asked)
    let text = ''
    for await (const piece of model.stream(asked)) text += piece
    return text === whole.text ? 0 : Math.max(1, Math.abs(text.length - whole.text.length))
  },
})

let marks = 0

const counted = (method: Method): Check => ({
  name: 'stages whose FLOPs were not counted',
  unit: '',
  otherwise: 'vision, prefill or decoding has no count of FLOPs',
  measure: async (model, { image, prompt }) => {
    const images = [{ ...image, data: marked(image.data, ++marks) }] // not one whose encoding is cached
    const { flops } = (await look(model, { prompt, images, method })).reply
    return [flops.vision, flops.prefill, flops.decode].filter((count) => !(count > 0 && Number.isFinite(count))).length
  },
})

function marked(data: RgbImage['data'], mark: number): RgbImage['data'] {
  const copy = data.slice()
  copy.set([mark % 256, (mark >> 8) % 256], 0)
  return copy
}
