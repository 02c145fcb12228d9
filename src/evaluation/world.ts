/** How well a model answers questions about images of Fovea World that it never saw. */
import type { RgbImage } from '../media/image.ts'
import type { Method } from '../pipeline/method/method.ts'
import type { Model } from '../pipeline/model.ts'
import type { Reply } from '../pipeline/talk/reply.ts'
import { GREEDY } from '../text/sampling.ts'
import { findTask, type QA, type Split, sample, sampleDialogue, TASK_IDS } from '../world/index.ts'
import { drawingTasks, renderDrawing, sampleDrawing } from './drawings.ts'
import { grayLike } from './exam/shown.ts'
import { chance, majorityAnswer } from './majority.ts'
import { pictureOf } from './picture-of.ts'
import { scoreAnswer } from './score.ts'

/** Images drawn as in training, or by another renderer. */
export type ImageSet = 'world' | 'drawings'

export interface WorldEvaluation {
  readonly model: Model
  readonly method?: Method
  readonly set: ImageSet
  readonly split: Split
  readonly seed: number
  /** Images per task. */
  readonly n: number
  /** Ids of tasks, `dialogue` among them; all by default. */
  readonly tasks?: readonly string[]
  readonly signal?: AbortSignal
  /** Called after each image with its rows (several for a dialogue). */
  readonly onRows?: (rows: readonly ResultRow[], done: number, total: number) => void
}

/** One question and what the model said. */
export interface Answer {
  /** `own`: a question of one's own. */
  readonly set: ImageSet | 'own'
  /** The task, or `dialogue` for a turn of one. */
  readonly task: string
  readonly index: number
  readonly question: string
  readonly answer: string
  /** Of questions of one's own: all that are right, where there are several, and what was to be chosen from. */
  readonly answers?: readonly string[]
  readonly options?: readonly string[]
  readonly reply: string
  readonly correct: boolean
  readonly iou?: number
  /** Probability that a guess among the allowed answers is right. */
  readonly chance: number
  /** Shows a composition that training never showed. */
  readonly heldOut: boolean
  /** Patches, tokens in the last layer, and on average over the layers. */
  readonly visualTokens: { readonly before: number; readonly after: number; readonly mean?: number }
  readonly flops: Reply['flops']
  readonly milliseconds: number
}

/** One question with the answers of the model and of those it is compared with. */
export interface ResultRow extends Answer {
  /** The reply to a plain gray image in the place of the real one. */
  readonly blindReply: string
  readonly blindCorrect: boolean
  readonly majorityCorrect: boolean
}

/** Tasks of a set, in the order of reports. */
export const tasksOf = (set: ImageSet): readonly string[] =>
  set === 'drawings' ? drawingTasks : [...TASK_IDS, 'dialogue']

/** An image and what is asked about it. */
export interface Item {
  readonly image: RgbImage
  readonly turns: readonly QA[]
  readonly heldOut: boolean
}

const MAX_TOKENS = 96

/** Asks every question twice, of the image and of a gray one; ends early, with the rows so far, when told to. */
export async function evaluateWorld(run: WorldEvaluation): Promise<ResultRow[]> {
  const tasks = run.tasks ?? tasksOf(run.set)
  for (const task of tasks) if (task !== 'dialogue') findTask(task)
  const majorities = new Map<string, string>()
  const rows: ResultRow[] = []
  for (const [at, task] of tasks.entries()) {
    for (let index = 0; index < run.n; index++) {
      const item = await worldItem(run, task, index)
      const fresh = await judge(run, task, index, item, majorities)
      if (run.signal?.aborted) return rows // these answers were cut short
      rows.push(...fresh)
      run.onRows?.(fresh, at * run.n + index + 1, tasks.length * run.n)
    }
  }
  return rows
}

/** The image of a task at an index, with its questions: a function of (set, split, seed, task, index) alone. */
export async function worldItem(
  { set, split, seed }: Pick<Asked, 'set' | 'split' | 'seed'>,
  task: string,
  index: number,
): Promise<Item> {
  if (set === 'drawings') {
    const { scene, qa } = sampleDrawing(task, seed, index)
    return { image: await renderDrawing(scene), turns: [qa], heldOut: scene.heldOut }
  }
  if (task === 'dialogue') {
    const { scene, turns, heldOut } = sampleDialogue({ split, seed, index })
    return { image: pictureOf(scene), turns, heldOut }
  }
  const { scene, qa, heldOut } = sample({ split, seed, index, task })
  return { image: pictureOf(scene), turns: [qa], heldOut }
}

/** Who is asked about which images. */
export type Asked = Pick<WorldEvaluation, 'model' | 'method' | 'set' | 'split' | 'seed' | 'signal'>

/** Answers to the questions about one image, that of a task at an index; `blind` shows a gray image instead. */
export async function answerItem(
  run: Asked,
  task: string,
  index: number,
  { image, turns, heldOut }: Item,
  blind = false,
): Promise<Answer[]> {
  const replies = await answerAll(run, blind ? grayLike(image) : image, turns)
  return turns.map((qa, turn) => {
    const reply = replies[turn]
    return {
      set: run.set,
      task,
      index,
      question: qa.question,
      answer: qa.answer,
      ...scoreAnswer(qa, reply.text),
      chance: chance(qa),
      heldOut,
      ...saidBy(reply),
    }
  })
}

/** What a reply says, and what it cost. */
export function saidBy({ text, tokens, flops, milliseconds }: Reply) {
  const { before, last, layers } = tokens.visual
  const mean = layers && layers.reduce((sum, count) => sum + count, 0) / layers.length
  return {
    reply: text,
    visualTokens: { before, after: last, ...(mean !== undefined && { mean }) },
    flops,
    milliseconds: milliseconds.ttft + milliseconds.decode,
  } satisfies Partial<Answer>
}

async function judge(
  run: WorldEvaluation,
  task: string,
  index: number,
  item: Item,
  majorities: Map<string, string>,
): Promise<ResultRow[]> {
  const answers = await answerItem(run, task, index, item)
  const blind = await answerItem(run, task, index, item, true)
  return item.turns.map((qa, turn) => {
    const majority = majorities.get(qa.task) ?? majorityAnswer(qa.task, run.seed)
    majorities.set(qa.task, majority)
    const { reply: blindReply, correct: blindCorrect } = blind[turn]
    const majorityCorrect = scoreAnswer(qa, majority).correct
    return { ...answers[turn], blindReply, blindCorrect, majorityCorrect }
  })
}

/** All turns in one conversation. */
async function answerAll({ model, method, signal }: Asked, image: RgbImage, turns: readonly QA[]) {
  const conversation = await model.converse([image], method)
  try {
    const replies = []
    for (const { question } of turns)
      replies.push(await conversation.ask(question, { ...GREEDY, maxTokens: MAX_TOKENS, signal }))
    return replies
  } finally {
    await conversation.close()
  }
}
