/** Answers as `lmms-eval --log_samples` keeps them. */
import { createHash } from 'node:crypto'
import type { Answered } from './own-question.ts'

/**
 * A line for each question: `doc_id`, `doc`, `input`, `target`, `resps`, `filtered_resps`, `doc_hash` and the metric
 * `exact_match`. In `doc` pictures stand by their paths, so that the questions can be asked again; those that are no files are
 * left out, as lmms-eval leaves out all.
 */
export const samplesOf = (answered: readonly Answered[]): string =>
  answered.map((one, at) => `${JSON.stringify(sampleOf(one, at))}\n`).join('')

function sampleOf(answered: Answered, at: number): object {
  const { prompt, reply, correct, answers } = answered
  const doc = docOf(answered)
  return {
    doc_id: at,
    doc,
    input: prompt,
    target: oneOrAll(answers),
    resps: [[reply]],
    filtered_resps: [reply],
    doc_hash: createHash('sha256')
      .update(JSON.stringify(doc, null, 2))
      .digest('hex'),
    exact_match: Number(correct),
  }
}

function docOf({ question, answers, options, category, pictures = [], seconds, box, time }: Answered): object {
  const isOfFiles = pictures.length > 0 && !pictures.some((picture) => picture.startsWith('data:'))
  return {
    ...(isOfFiles && (pictures.length === 1 && !seconds ? { image: pictures[0] } : { images: pictures })),
    ...(isOfFiles && seconds && { seconds }),
    question,
    answer: oneOrAll(answers),
    ...(options && { options }),
    ...(category !== undefined && { category }),
    ...(box && { box }),
    ...(time && { time }),
  }
}

const oneOrAll = (texts: readonly string[]): string | readonly string[] => (texts.length === 1 ? texts[0] : texts)
