/** Questions as JSON lines: in Fovea's own form, as `fovea world` writes them, or as lmms-eval logs its samples. */
import { join } from 'node:path'
import { z } from 'zod'
import { expectedOf, wrongField } from '../../text/wrong-field.ts'
import { LETTERS, letterOf, lineError, type OwnQuestion } from './own-question.ts'

const text = z.string().min(1)
const said = z.union([text, z.number()]).transform(String)
const pair = z.tuple([z.number(), z.number()])

const schema = z.object({
  image: text.optional(),
  image_path: text.optional(),
  images: z.array(text).min(1).optional(),
  /** A folder of frames, as `fovea world --task video` writes it: `count` of them, `rate` a second. */
  frames: text.optional(),
  count: z.int().positive().optional(),
  rate: z.number().positive().default(1),
  /** When each of `images` is seen, where these are the frames of a film. */
  seconds: z.array(z.number()).optional(),
  question: text.optional(),
  query: text.optional(),
  answer: said.optional(),
  answers: z.array(said).min(1).optional(),
  options: z.union([z.array(said), z.record(z.string(), said)]).optional(),
  choices: z.array(said).optional(),
  category: text.optional(),
  task: text.optional(),
  question_type: text.optional(),
  box: z.tuple([z.number(), z.number(), z.number(), z.number()]).optional(),
  time: pair.optional(),
})
type Fields = z.output<typeof schema>

/** A line of `lmms-eval --log_samples`: what was asked is in `doc`, the truth in `target`. */
const logged = z.object({ doc: z.looseObject({}), target: z.union([said, z.array(said)]).optional() })

/** Throws FoveaError `eval_data` with the file and the line. */
export function readJsonLines(name: string, content: string): OwnQuestion[] {
  const lines = content.split('\n').map((line, at) => ({ line: line.trim(), place: `${name}:${at + 1}` }))
  return lines.filter(({ line }) => line !== '').map(({ line, place }) => questionOf(place, parse(place, line)))
}

function parse(place: string, line: string): unknown {
  try {
    return JSON.parse(line)
  } catch (cause) {
    throw lineError(place, 'this line is not JSON', cause)
  }
}

function questionOf(place: string, json: unknown): OwnQuestion {
  const log = logged.safeParse(json)
  const given = log.success ? fromLog(log.data) : json
  const parsed = schema.safeParse(given, { error: expectedOf })
  if (!parsed.success) throw lineError(place, wrongField(parsed.error.issues, given).message)
  const fields = parsed.data
  const question = fields.question ?? fields.query
  if (question === undefined) throw lineError(place, 'it has no "question"')
  const answers = fields.answers ?? (fields.answer === undefined ? undefined : [fields.answer])
  if (answers === undefined) throw lineError(place, 'it has neither "answer" nor "answers"')
  const options = optionsOf(fields)
  const category = fields.category ?? fields.task ?? fields.question_type
  return {
    place,
    ...picturesOf(place, fields, log.success),
    question,
    answers: options ? answers.map((answer) => letterOf(place, answer, options)) : answers,
    ...(options && { options }),
    ...(category !== undefined && { category }),
    ...(fields.box && { box: fields.box }),
    ...(fields.time && { time: fields.time }),
  }
}

function fromLog({ doc, target }: z.output<typeof logged>): object {
  const answers = target === undefined ? undefined : [target].flat()
  const { answer: _answer, answers: _answers, ...rest } = doc
  return answers ? { ...rest, answers } : doc
}

function optionsOf({ options, choices }: Fields): readonly string[] | undefined {
  const given = options ?? choices
  if (given === undefined || Array.isArray(given)) return given
  return [...LETTERS].flatMap((letter) => given[letter] ?? [])
}

function picturesOf(place: string, fields: Fields, isLogged: boolean): Pick<OwnQuestion, 'pictures' | 'seconds'> {
  const { image, image_path, images, seconds, frames, count, rate } = fields
  const still = image ?? image_path
  if (seconds && seconds.length !== images?.length)
    throw lineError(place, '"seconds" needs one number for each of "images"')
  if (still !== undefined) return { pictures: [still] }
  if (images) return { pictures: images, ...(seconds && { seconds }) }
  if (frames !== undefined && count === undefined) throw lineError(place, '"frames" needs "count", the number of them')
  if (frames === undefined) {
    const advice = isLogged ? '; lmms-eval leaves pictures out of its logs: add "image" to each "doc"' : ''
    throw lineError(place, `it names no "image", "images" or "frames"${advice}`)
  }
  const order = Array.from({ length: count! }, (_, at) => at)
  return {
    pictures: order.map((at) => join(frames, `${String(at).padStart(5, '0')}.png`)),
    seconds: order.map((at) => at / rate),
  }
}
