import { worldItem } from '../src/evaluation/world.ts'
import { modelPath } from '../src/hub/package-root.ts'
import { loadModel } from '../src/loading/node-load.ts'
import type { Model } from '../src/pipeline/model.ts'
import type { Reply } from '../src/pipeline/talk/reply.ts'
import { GREEDY } from '../src/text/sampling.ts'
import { type Benchmark, median, type Row } from './row.ts'

/** Questions whose answers are long, or repeat what was said. */
const TASKS = ['read', 'caption', 'box']
const ITEMS = 20

interface Pair {
  readonly plain: Reply
  readonly ahead: Reply
}

/** The same questions in turns, without guesses and with. */
async function asked(model: Model, task: string): Promise<Pair[]> {
  const pairs: Pair[] = []
  for (let index = 0; index < ITEMS; index++) {
    const { image, turns } = await worldItem({ set: 'world', split: 'test', seed: 7 }, task, index)
    const question = { prompt: turns[0].question, images: [image], maxTokens: 96, ...GREEDY }
    const plain = await model.generate(question)
    pairs.push({ plain, ahead: await model.generate({ ...question, speculate: 'prompt-lookup' }) })
  }
  return pairs
}

/** One pass a token, but for the first, which comes of the prompt. */
const passesOf = ({ tokens, speculation }: Reply): number => speculation?.passes ?? tokens.generated - 1

function rowOf(task: string, pairs: readonly Pair[]): Row {
  const sum = (of: (pair: Pair) => number) => pairs.reduce((total, pair) => total + of(pair), 0)
  const same = pairs.filter(({ plain, ahead }) => plain.text === ahead.text).length
  const [plain, ahead] = [sum((pair) => passesOf(pair.plain)), sum((pair) => passesOf(pair.ahead))]
  const accepted = sum((pair) => pair.ahead.speculation!.accepted)
  const proposed = sum((pair) => pair.ahead.speculation!.proposed)
  return {
    name: `mini, World ${task}: decoding with prompt lookup over without`,
    value: median(pairs.map((pair) => pair.plain.milliseconds.decode / pair.ahead.milliseconds.decode)),
    unit: 'x',
    note: `${ahead} passes for ${plain}, ${accepted} of ${proposed} guesses said, ${same} of ${pairs.length} answers the same`,
  }
}

/** What prompt lookup saves on fovea-mini's answers about the World; passes do not depend on the machine. */
export const speculation: Benchmark = {
  name: 'speculation',
  measure: async () => {
    const model = await loadModel(modelPath('mini'))
    const rows: Row[] = []
    for (const task of TASKS) rows.push(rowOf(task, await asked(model, task)))
    await model.dispose()
    return rows
  },
}
