import { existsSync, readdirSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { dropFromPageCache, runChild } from '../child.ts'
import type { Compared, Dtype } from '../compared.ts'
import type { Job, Setting } from '../job.ts'
import { questionSize } from '../question.ts'
import { randomCheckpoint } from '../random-checkpoint.ts'
import {
  DECODED,
  DEPTHS,
  type LoadTiming,
  PROMPTS,
  perTurn,
  type QuestionTiming,
  SECONDS_PER_ENGINE,
  SECONDS_PER_ROW,
  type TextTiming,
} from '../timing.ts'

/** Of the largest model, on a slow disk. */
const QUANTIZE_MINUTES = 90

/** First load, text and questions of one dtype, in this order: the first load quantizes, the others find its weights. */
export function foveaJobs(model: Compared, dtype: Dtype, { repeat, folder, fresh }: Setting): Job[] {
  const engine = `Fovea ${dtype}`
  const cache = `${folder}/cache/${model.name}-${dtype}`
  const run = async <T>(name: string, task: object, minutes?: number): Promise<T> => {
    const checkpoint = await randomCheckpoint(model.checkpoint, folder)
    const script = fileURLToPath(new URL(`${name}.ts`, import.meta.url))
    const text = JSON.stringify({ checkpoint, dtype, repeat, ...task })
    return runChild<T>({ script: [script, text], env: { FOVEA_CACHE: cache }, minutes })
  }
  const isQuantized = () => dtype === 'fp32' || holdsWeights(`${cache}/quantized`)
  const quantize = () => run<Loaded>('load', {}, QUANTIZE_MINUTES)

  /** A load that found the quantized weights of an earlier run is not a cold one. */
  const load = async () => {
    if (fresh) await rm(cache, { recursive: true, force: true })
    await dropFromPageCache(`${await randomCheckpoint(model.checkpoint, folder)}/model.safetensors`)
    const { milliseconds, memory, cached } = await quantize()
    const cold: Partial<LoadTiming> = cached ? {} : { cold: milliseconds, coldMemory: memory }
    return { load: { engine, ...cold, warm: (await run<Loaded>('load', {})).milliseconds } }
  }

  const text = async () => {
    if (!isQuantized()) await quantize()
    const limits = { repeat: perTurn(repeat), seconds: SECONDS_PER_ROW }
    const task = { ...limits, prompts: PROMPTS, depths: DEPTHS, decoded: DECODED }
    return { text: { engine, ...(await run<Omit<TextTiming, 'engine'>>('text', task)) } }
  }

  const question = async () => {
    if (!isQuantized()) await quantize()
    const { image, prompt, reducers } = model
    const { views } = await questionSize(model, await randomCheckpoint(model.checkpoint, folder))
    // Of the slow dtype only the first: it is the fastest.
    const methods = ['dense', ...(dtype === 'fp32' ? reducers.slice(0, 1) : reducers)]
    const task = { image, prompt, methods, seconds: SECONDS_PER_ROW, secondsInAll: SECONDS_PER_ENGINE }
    const { questions, memory } = await run<Asked>('question', task)
    const failed = questions.filter((each) => each.problem !== undefined)
    return {
      questions: questions
        .filter((each) => each.problem === undefined)
        .map((each): QuestionTiming => ({ engine, views, memory, ...each })),
      skipped: failed.map(({ method, problem }) => ({ name: `${engine}, ${method}`, skipped: problem! })),
    }
  }

  return [
    { name: `${engine}, load`, run: load },
    { name: `${engine}, text`, inTurns: true, run: text },
    { name: `${engine}, question`, run: question },
  ]
}

/** A file gets its name when it is whole. */
const holdsWeights = (path: string): boolean =>
  existsSync(path) && readdirSync(path).some((name) => name.endsWith('.safetensors'))

interface Loaded {
  readonly milliseconds: number
  readonly memory: number
  /** Whether its weights had been quantized before. */
  readonly cached: boolean
}

interface Asked {
  readonly questions: (Omit<QuestionTiming, 'engine' | 'views' | 'memory'> & { readonly problem?: string })[]
  readonly memory: number
}
