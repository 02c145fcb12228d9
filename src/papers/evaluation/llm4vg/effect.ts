/** When something happens in a film of Fovea World, told from frames, from diaries and by chance. */
import { pairedDifference } from '../../../evaluation/paired.ts'
import type { RgbImage } from '../../../media/image.ts'
import type { Model } from '../../../pipeline/model.ts'
import { fromRgba } from '../../../training/mini/images.ts'
import { framesOf, sampleFilm } from '../../../world/index.ts'
import { nodeArt } from '../../../world/node-art.ts'
import { renderPixels } from '../../../world/node-canvas.ts'
import { Rng } from '../../../world/rng.ts'
import { pointsRow, shareRow } from '../../reports/figures.ts'
import { type Lab, SPLIT } from '../../reports/lab.ts'
import type { Row } from '../../reports/row.ts'
import { better } from '../../reports/verdict.ts'
import type { Writer } from '../../reports/writer.ts'
import { type Interval, parseInterval, randomInterval, tIou, wholeInterval } from './interval.ts'
import { directPrompt, frameQuestions, groundingPrompt, type Line, PROMPTS, readDiary } from './prompt.ts'

const FRAMES = 8
const THRESHOLDS = [0.3, 0.5, 0.7]
/** Tokens of a line, and of an answer. */
const TOKENS = { line: 32, answer: 48 }

interface Moment {
  readonly frames: readonly RgbImage[]
  readonly query: string
  readonly truth: Interval
  readonly duration: number
}

/** What one way of answering said of every film: undefined where nothing could be read. */
interface Told {
  readonly name: string
  readonly said: readonly (Interval | undefined)[]
}

export async function* effect(lab: Lab): AsyncGenerator<Row> {
  const [model, writer] = [await lab.model(), await lab.writer()]
  const moments = Array.from({ length: lab.n }, (_, index) => momentAt(lab.seed, index))
  const [plain, aware] = await diaries(lab, model, moments)
  const random = moments.map(({ duration }, at) => randomInterval(duration, Rng.from(lab.seed, 'llm4vg random', at)))
  const told: Told[] = [
    { name: 'random interval', said: random },
    { name: 'whole film', said: moments.map(({ duration }) => wholeInterval(duration)) },
    { name: 'frames, asked directly', said: await direct(lab, model, moments) },
    { name: 'captions, read by rule', said: moments.map(({ query }, at) => readDiary(plain[at], query)) },
    { name: 'answers to the query, read by rule', said: moments.map(({ query }, at) => readDiary(aware[at], query)) },
  ]
  for (const type of PROMPTS) {
    const ask = (lines: readonly Line[], { query }: Moment) => groundingPrompt(lines, query, type)
    told.push({
      name: `captions, ${type}`,
      said: await written(lab, writer, moments, (moment, at) => ask(plain[at], moment)),
    })
    told.push({
      name: `answers to the query, ${type}`,
      said: await written(lab, writer, moments, (moment, at) => ask(aware[at], moment)),
    })
  }
  const scores = told.map(({ said }) => said.map((interval, at) => tIou(interval ?? random[at], moments[at].truth)))
  for (const [at, one] of told.entries()) yield* rowsOf(one, scores[at])
  const byName = (name: string) => scores[told.findIndex((each) => each.name === name)]
  yield claim(
    lab,
    'answers to the query, read by rule',
    'random intervals',
    byName('answers to the query, read by rule'),
    scores[0],
  )
  yield claim(
    lab,
    'answers to the query',
    'captions',
    byName('answers to the query, read by rule'),
    byName('captions, read by rule'),
  )
}

function momentAt(seed: number, index: number): Moment {
  const { film, qa } = sampleFilm({ split: SPLIT, seed, index, task: 'film-interval', frames: FRAMES, art: nodeArt() })
  const frames = framesOf(film).map((scene) => fromRgba(renderPixels(scene), scene.size, scene.size))
  return { frames, query: qa.question, truth: qa.time as Interval, duration: film.frames / film.rate }
}

const imageWords = async (lab: Lab, model: Model, image: RgbImage, prompt: string): Promise<string> => {
  lab.signal.throwIfAborted()
  return (await model.generate({ prompt, images: [image], maxTokens: TOKENS.line })).text
}

/** A line per second by captions, and one that also says whether the query is happening. */
async function diaries(lab: Lab, model: Model, moments: readonly Moment[]): Promise<[Line[][], Line[][]]> {
  const [plain, aware]: [Line[][], Line[][]] = [[], []]
  for (const [at, { frames, query, duration }] of moments.entries()) {
    const made = await lab.remember(`diary ${at}`, async () => {
      const lines: { caption: string; answer: string }[] = []
      for (const frame of frames) {
        const [what, now] = frameQuestions(query)
        lines.push({
          caption: await imageWords(lab, model, frame, what),
          answer: await imageWords(lab, model, frame, now),
        })
      }
      return lines
    })
    const secondOf = (frame: number) => (frame * duration) / frames.length
    plain.push(made.map(({ caption }, frame) => ({ second: secondOf(frame), text: caption })))
    aware.push(made.map(({ caption, answer }, frame) => ({ second: secondOf(frame), text: `${caption} ${answer}` })))
    lab.progress(at + 1, moments.length, 'diaries')
  }
  return [plain, aware]
}

async function direct(lab: Lab, model: Model, moments: readonly Moment[]): Promise<(Interval | undefined)[]> {
  const said: (Interval | undefined)[] = []
  for (const [at, { frames, query, duration }] of moments.entries()) {
    const text = await lab.remember(`frames ${at}`, async () => {
      lab.signal.throwIfAborted()
      const images = frames.slice(0, model.parts.architecture.prompt.maxImages ?? frames.length)
      return (await model.generate({ prompt: directPrompt(query), images, maxTokens: TOKENS.answer })).text
    })
    said.push(parseInterval(text, duration)?.interval)
  }
  return said
}

async function written(
  lab: Lab,
  writer: Writer,
  moments: readonly Moment[],
  promptOf: (moment: Moment, at: number) => string,
): Promise<(Interval | undefined)[]> {
  const said: (Interval | undefined)[] = []
  for (const [at, moment] of moments.entries()) {
    lab.signal.throwIfAborted()
    const { text } = await writer.write(promptOf(moment, at), { maxTokens: TOKENS.answer, signal: lab.signal })
    said.push(parseInterval(text, moment.duration)?.interval)
  }
  return said
}

/** A refusal is drawn at random, so that all films count; how many were answered stands beside. */
function* rowsOf({ name, said }: Told, ious: readonly number[]): Generator<Row> {
  yield shareRow(`${name}: answered`, said.filter(Boolean).length, said.length)
  for (const threshold of THRESHOLDS)
    yield shareRow(`${name}: recall at tIoU ${threshold}`, ious.filter((iou) => iou > threshold).length, ious.length)
  const answered = ious.filter((_, at) => said[at])
  if (answered.length > 0)
    yield shareRow(
      `${name}: recall at tIoU 0.5, answered alone`,
      answered.filter((iou) => iou > 0.5).length,
      answered.length,
    )
  const mean = ious.reduce((sum, iou) => sum + iou, 0) / (ious.length || 1)
  yield { part: 'effect', name: `${name}: mean tIoU`, value: mean, unit: 'tIoU', count: ious.length }
}

function claim({ seed }: Lab, first: string, second: string, a: readonly number[], b: readonly number[]): Row {
  const pairs = a.map((iou, cluster) => ({ stratum: 'films', cluster, first: iou, second: b[cluster] }))
  const difference = pairedDifference(pairs, { seed })
  return { ...pointsRow(`${first} ground better than ${second}, mean tIoU`, difference), ...better(difference, second) }
}
