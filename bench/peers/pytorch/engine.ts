import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { runChild } from '../child.ts'
import type { Compared } from '../compared.ts'
import type { Job, Setting } from '../job.ts'
import { questionSize, writePhotograph } from '../question.ts'
import { randomCheckpoint } from '../random-checkpoint.ts'
import { DECODED, DEPTHS, PROMPTS, perTurn, type QuestionTiming, SECONDS_PER_ROW, type TextTiming } from '../timing.ts'

const engine = 'PyTorch fp32'

/** PyTorch with transformers, the same configuration in fp32. */
export function pytorchJobs(model: Compared, { repeat, folder }: Setting): Job[] {
  const run = async <T>(name: string, task: object): Promise<T> => {
    const python = await pythonWithTorch()
    const script = fileURLToPath(new URL(`${name}.py`, import.meta.url))
    const checkpoint = await randomCheckpoint(model.checkpoint, folder)
    return runChild<T>({ script: [script, JSON.stringify({ checkpoint, repeat, ...task })], command: [python] })
  }
  const text = async () => {
    const found = await run<Omit<TextTiming, 'engine'>>('text', {
      repeat: perTurn(repeat),
      prompts: PROMPTS,
      depths: DEPTHS,
      decoded: DECODED,
    })
    return { text: { engine, ...found } }
  }
  const question = async () => {
    const { text: count } = await questionSize(model, await randomCheckpoint(model.checkpoint, folder))
    const images = await Promise.all([0, 1, 2].map((seed) => writePhotograph(seed, model, folder)))
    const found = await run<Asked>('question', { images, text: count, seconds: SECONDS_PER_ROW })
    return { questions: [{ engine, method: 'dense', last: found.visual, ...found }] }
  }
  return [
    { name: `${engine}, text`, inTurns: true, run: text },
    { name: `${engine}, question`, run: question },
  ]
}

type Asked = Omit<QuestionTiming, 'engine' | 'method' | 'last'>

async function pythonWithTorch(): Promise<string> {
  const python = process.env.FOVEA_PYTHON ?? 'python3'
  try {
    await promisify(execFile)(python, ['-c', 'import torch, transformers'])
    return python
  } catch (cause) {
    const hint = 'name one that has: FOVEA_PYTHON=...'
    throw new Error(`${python} has no torch with transformers; ${hint}`, { cause })
  }
}
