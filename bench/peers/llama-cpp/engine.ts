import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { median } from '../../row.ts'
import { dropFromPageCache, runChild } from '../child.ts'
import type { Compared, PeerType } from '../compared.ts'
import { encoderGguf, languageGguf, SPARE_POSITIONS, visionGguf } from '../gguf/models.ts'
import { patchesPerView } from '../gguf/vision.ts'
import type { Job, Measured, Setting } from '../job.ts'
import { questionSize, writePhotograph } from '../question.ts'
import { randomCheckpoint } from '../random-checkpoint.ts'
import { DECODED, DEPTHS, PROMPTS, perTurn, type QuestionTiming, SECONDS_PER_ROW } from '../timing.ts'

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url))
const THREADS = 2

const needs = (name: string): void => {
  if (!existsSync(here(`../node_modules/${name}`))) throw new Error('npm install in bench/peers first')
}

/** Projectors are usually shared as 16-bit floats, whatever the language model is quantized to. */
const visionType = (type: PeerType) => (type === 'Q8_0' ? 'Q8_0' : 'F16')

export function llamaCppJobs(model: Compared, type: PeerType, { repeat, folder }: Setting): Job[] {
  const engine = `llama.cpp ${type}`
  const run = <T>(script: string, files: readonly string[], task: object): Promise<T> =>
    runChild<T>({
      script: [here(script), ...files, JSON.stringify({ repeat, threads: THREADS, seconds: SECONDS_PER_ROW, ...task })],
      command: [process.execPath],
    })

  const text = async (): Promise<Measured> => {
    needs('node-llama-cpp')
    const path = await languageGguf(model, type, folder)
    await dropFromPageCache(path)
    const task = { repeat: perTurn(repeat), prompts: PROMPTS, depths: DEPTHS, decoded: DECODED }
    const { cold, coldMemory, warm, ...timing } = await run<TextRun>('text.mjs', [path], task)
    return { load: { engine, cold, coldMemory, warm }, text: { engine, ...timing } }
  }

  const question = async (): Promise<Measured> => {
    needs('@fugood')
    const language = await languageGguf(model, type, folder)
    const vision = await visionGguf(model, visionType(type), folder)
    const images = await Promise.all([0, 1, 2].map((seed) => writePhotograph(seed, model, folder)))
    const { visual, text } = await questionSize(model, await randomCheckpoint(model.checkpoint, folder))
    const task = { prompt: model.prompt, images, tokens: visual + 2 * text + 256 }
    const found = await run<Question>('question.mjs', [language, vision], task)
    return { questions: [{ engine, method: 'dense', last: found.visual, stages: {}, ...found }] }
  }

  const parts = async (): Promise<Measured> => {
    needs('node-llama-cpp')
    const size = await questionSize(model, await randomCheckpoint(model.checkpoint, folder))
    const language = await languageGguf(model, type, folder)
    const encoder = await encoderGguf(model, visionType(type), folder)
    const task = { tokens: size.visual + size.text, patches: patchesPerView(model), spare: SPARE_POSITIONS }
    const { vision, prefill, memory } = await run<Parts>('parts.mjs', [language, encoder], task)
    return {
      questions: [
        { engine, method: 'dense', ...size, last: size.visual, ...sumOfParts(size.views, vision, prefill), memory },
      ],
    }
  }

  return [
    { name: `${engine}, text`, inTurns: true, run: text },
    ...(type === 'F16' ? [] : [{ name: `${engine}, question`, run: question }]),
    ...(type === 'F16' ? [] : [{ name: `${engine}, parts of the question`, run: parts }]),
  ]
}

/** Encoding every view and then prefill, nothing else. */
function sumOfParts(views: number, vision: readonly number[], prefill: readonly number[]) {
  const stages = { vision: views * median(vision), prefill: median(prefill) }
  const parts = 'its layers for every view and its prefill; without cutting, patch embedding and projector'
  return { ttft: [stages.vision + stages.prefill], stages, parts }
}

interface TextRun extends Pick<QuestionTiming, 'memory'> {
  readonly cold: number
  readonly coldMemory: number
  readonly warm: number
  readonly prefill: Record<string, number[]>
  readonly decode: Record<string, number[]>
}

type Question = Pick<QuestionTiming, 'ttft' | 'visual' | 'views' | 'text' | 'memory'>

interface Parts {
  readonly vision: number[]
  readonly prefill: number[]
  readonly memory: number
}
