/** A prompt that is searched for on few examples, and what it is worth on others. */
import { scoreAnswer } from '../../../evaluation/score.ts'
import { worldItem } from '../../../evaluation/world.ts'
import type { Model } from '../../../pipeline/model.ts'
import { TASK_IDS } from '../../../world/index.ts'
import { Rng } from '../../../world/rng.ts'
import { gainOf, pointsRow, shareRow } from '../../reports/figures.ts'
import { type Lab, SPLIT } from '../../reports/lab.ts'
import type { Row } from '../../reports/row.ts'
import { better } from '../../reports/verdict.ts'
import { ITSELF } from '../../reports/writer.ts'
import { drawn, varied } from './grammar.ts'
import { guidedBy } from './guidance.ts'
import { candidatesIn, filled, guides, metaPrompt, ranked, SLOT, searchPrompts, type Tried } from './search.ts'

const START = `please answer the following question about the image: ${SLOT}`
const DESCRIPTION = 'It is asked about pictures of shapes, words and charts.'
const STEPS = 20
const K = 5
/** Examples that a prompt is chosen by: one of each kind, of the training split. */
const TOKENS = { answer: 8, proposal: 50 }

export async function* effect(lab: Lab): AsyncGenerator<Row> {
  const model = await lab.model()
  const tasks = lab.quick ? TASK_IDS.slice(0, 3) : TASK_IDS
  const steps = lab.quick ? 3 : STEPS
  const fitness = async (prompt: string) => share(await marksOf(lab, model, prompt, 'train', tasks, 1))
  const rng = Rng.from(lab.seed, 'glov')
  const random = await searchPrompts({ start: START, steps, fitness, propose: async () => [drawn(rng)] })
  const byRank = await searchPrompts({
    start: START,
    steps,
    fitness,
    propose: async (history) => [varied(history, rng)],
  })
  const written = await writtenSearch(lab, model, steps, fitness)
  const test = (prompt: string) => marksOf(lab, model, prompt, SPLIT, tasks, lab.n)
  const start = await test(START)
  yield shareRow('test accuracy, first prompt', count(start), start.length)
  for (const [name, history] of Object.entries({
    'drawn from a grammar': random,
    'varied by rank': byRank,
    'written by the language model': written.history,
  })) {
    const found = ranked(history)[0]
    const marks = await test(found.prompt)
    yield { ...shareRow(`test accuracy, ${name}`, count(marks), marks.length), note: `"${found.prompt}"` }
    yield {
      part: 'effect',
      name: `prompts until the best, ${name}`,
      value: history.indexOf(found),
      unit: 'prompts',
      count: history.length,
    }
    if (history !== byRank) continue
    const gain = gainOf(lab, marks, start)
    yield { ...pointsRow('the prompt that was found over the first', gain), ...better(gain, 'the first prompt') }
  }
  yield {
    ...shareRow('proposals of the language model that hold the slot', written.valid, written.asked),
    note: written.by,
  }
}

const count = (marks: readonly boolean[]): number => marks.filter(Boolean).length
const share = (marks: readonly boolean[]): number => count(marks) / marks.length

/** Right and wrong under a prompt, question by question. */
function marksOf(
  lab: Lab,
  model: Model,
  prompt: string,
  split: 'train' | 'test',
  tasks: readonly string[],
  n: number,
): Promise<boolean[]> {
  return lab.remember(`marks ${split} ${tasks.length} x ${n} ${prompt}`, async () => {
    const marks: boolean[] = []
    for (const task of tasks)
      for (let index = 0; index < n; index++) {
        lab.signal.throwIfAborted()
        const { image, turns } = await worldItem({ set: 'world', split, seed: lab.seed }, task, index)
        const asked = filled(prompt, turns[0].question)
        const { text } = await model.generate({ prompt: asked, images: [image], maxTokens: TOKENS.answer })
        marks.push(scoreAnswer(turns[0], text).correct)
        lab.progress(marks.length, tasks.length * n, `${split}: ${prompt}`)
      }
    return marks
  })
}

/** The paper's own search. The model itself is guided as it writes; one behind an address cannot be. */
async function writtenSearch(lab: Lab, model: Model, steps: number, fitness: (prompt: string) => Promise<number>) {
  const writer = await lab.writer()
  let [asked, valid] = [0, 0]
  const propose = async (history: readonly Tried[]) => {
    lab.signal.throwIfAborted()
    const meta = metaPrompt(history, K, DESCRIPTION)
    const pair = guides(history)
    const method = writer.name === ITSELF && pair ? await guidedBy(model, pair) : undefined
    const { text } = method
      ? await model.generate({ prompt: meta, method, maxTokens: TOKENS.proposal })
      : await writer.write(meta, { maxTokens: TOKENS.proposal, signal: lab.signal })
    const found = candidatesIn(text)
    asked++
    if (found.length > 0) valid++
    return found
  }
  return { history: await searchPrompts({ start: START, steps, fitness, propose }), asked, valid, by: writer.name }
}
