/** Two questions about an image of the World, in both orders; tokens are chosen at the first. */
import { pictureOf } from '../../../evaluation/picture-of.ts'
import { scoreAnswer } from '../../../evaluation/score.ts'
import type { RgbImage } from '../../../media/image.ts'
import type { Method } from '../../../pipeline/method/method.ts'
import type { Model } from '../../../pipeline/model.ts'
import type { Reply } from '../../../pipeline/talk/reply.ts'
import { GREEDY } from '../../../text/sampling.ts'
import { type QA, sampleDialogue } from '../../../world/index.ts'
import { type Lab, SPLIT } from '../../reports/lab.ts'
import { type Entry, saysSomewhere } from './multi-turn.ts'

const MAX_TOKENS = 96

export interface Talked {
  /** By World's own rule, and by that of the toolkit. */
  readonly strict: Entry
  readonly somewhere: Entry
  /** Places of the tokens that the first answer left. */
  readonly kept: readonly number[]
}

/** Entries 2 i and 2 i + 1 are about image i. */
export async function talked(lab: Lab, method: Method, images: number): Promise<Talked[]> {
  const entries: Talked[] = []
  for (let index = 0; index < images; index++) {
    entries.push(
      ...(await lab.remember(`two turns ${index}, ${method.name}`, async () => {
        const { scene, turns } = sampleDialogue({ split: SPLIT, seed: lab.seed, index })
        const [a, b] = turns
        const image = pictureOf(scene)
        const model = await lab.model()
        return [await ask(model, method, image, [a, b]), await ask(model, method, image, [b, a])]
      })),
    )
    lab.progress(index + 1, images, `two turns, ${method.name}`)
  }
  return entries
}

async function ask(model: Model, method: Method, image: RgbImage, turns: readonly [QA, QA]) {
  const conversation = await model.converse([image], method)
  try {
    const replies: Reply[] = []
    for (const { question } of turns)
      replies.push(await conversation.ask(question, { ...GREEDY, maxTokens: MAX_TOKENS }))
    const judged = (rule: (qa: QA, text: string) => boolean): Entry => ({
      turns: [rule(turns[0], replies[0].text), rule(turns[1], replies[1].text)],
    })
    return {
      strict: judged((qa, text) => scoreAnswer(qa, text).correct),
      somewhere: judged(({ answer }, text) => saysSomewhere(answer, text)),
      kept: [...(replies[0].kept[0] ?? [])],
    }
  } finally {
    await conversation.close()
  }
}
