/** Questions about films of the World, for claims about videos. */
import { askAbout, filmForm } from '../../evaluation/exam/shown.ts'
import { filmShown } from '../../evaluation/groups/video.ts'
import { chance } from '../../evaluation/majority.ts'
import { scoreAnswer } from '../../evaluation/score.ts'
import { type Answer, saidBy } from '../../evaluation/world.ts'
import type { Method } from '../../pipeline/method/method.ts'
import type { Model } from '../../pipeline/model.ts'
import { GREEDY } from '../../text/sampling.ts'
import { FILM_TASK_IDS, sampleFilm } from '../../world/index.ts'
import { nodeArt } from '../../world/node-art.ts'
import type { Ask } from './contrast.ts'
import { unmeasured } from './figures.ts'
import { type Lab, SPLIT } from './lab.ts'
import type { Row } from './row.ts'

const MAX_TOKENS = 96

/** Asks about films of so many frames, `n` for each task; each answer is kept as it comes. */
export function askFilms(lab: Lab, frames: number): Ask {
  return async (arms, tasks = FILM_TASK_IDS) => {
    const all: Answer[][] = []
    for (const { method, model = await lab.model(), name = method.name } of arms) {
      const answers: Answer[] = []
      for (const task of tasks)
        for (let index = 0; index < lab.n; index++)
          answers.push(
            await lab.remember(`${name}, ${frames} frames, ${task} ${index}`, () => {
              return answerFilm(lab, model, method, { task, index, frames })
            }),
          )
      all.push(answers)
    }
    return all
  }
}

async function answerFilm(
  { seed, signal }: Lab,
  model: Model,
  method: Method,
  { task, index, frames }: { readonly task: string; readonly index: number; readonly frames: number },
): Promise<Answer> {
  const { film, qa, heldOut } = sampleFilm({ split: SPLIT, seed, index, task, frames, art: nodeArt() })
  const messages = [askAbout(filmShown(film), qa.question, filmForm(model.parts))]
  const reply = await model.generate({ messages, method, ...GREEDY, maxTokens: MAX_TOKENS, signal })
  const { question, answer } = qa
  const judged = { ...scoreAnswer(qa, reply.text), chance: chance(qa) }
  return { set: 'world', task, index, question, answer, ...judged, heldOut, ...saidBy(reply) }
}

/** The rows of a claim about films; that nothing was measured where the model takes no videos. */
export async function* withFilms(lab: Lab, claim: string, rows: () => AsyncIterable<Row>): AsyncGenerator<Row> {
  const { architecture } = (await lab.model()).parts
  if (architecture.prompt.video) yield* rows()
  else yield unmeasured(claim, `${architecture.name} takes no videos`)
}
