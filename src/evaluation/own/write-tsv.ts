/** Tables of tab-separated columns as VLMEvalKit keeps them: questions with their pictures, and answers to them. */
import { FoveaError } from '../../errors.ts'
import { type Answered, LETTERS, type WrittenQuestion } from './own-question.ts'

type Cells = Readonly<Record<string, string | number | undefined>>

/** A question of a table: pictures in base64, or the index of the row that has the same ones. */
export interface TableQuestion extends WrittenQuestion {
  readonly images: readonly string[] | number
}

/** A table that `readTsv` and VLMEvalKit read: `index`, `image` in base64, `question`, options `A` to `Z`, `answer`, `category`. */
export const questionTable = (questions: readonly TableQuestion[]): string =>
  tsvOf(
    questions.map(({ images, ...asked }, index) => ({
      index,
      image: typeof images === 'number' ? images : oneOrList(images),
      ...cellsOf(asked),
    })),
  )

/**
 * The table of results that VLMEvalKit keeps as `{model}_{dataset}.tsv`: that of the questions without its pictures, and a
 * column `prediction`. What is right it judges itself.
 */
export const predictionTable = (answered: readonly Answered[]): string =>
  tsvOf(
    answered.map(({ prompt: _, reply, correct: __, ...asked }, index) => ({
      index,
      ...cellsOf(asked),
      prediction: reply,
    })),
  )

function cellsOf({ question, answers, options = [], category, box, time }: WrittenQuestion): Cells {
  return {
    question,
    ...Object.fromEntries(options.map((option, at) => [LETTERS[at], option])),
    answer: oneOrList(answers),
    category,
    box: box && JSON.stringify(box),
    time: time && JSON.stringify(time),
  }
}

/** One text as it is, several as Python writes a list of them; one that could be taken for a list is one of one. */
const oneOrList = (texts: readonly string[]): string =>
  texts.length === 1 && !texts[0].startsWith('[') ? texts[0] : `[${texts.map(quoted).join(', ')}]`

function quoted(text: string): string {
  const quote = ["'", '"'].find((each) => !text.includes(each))
  if (quote) return `${quote}${text}${quote}`
  const message = `${JSON.stringify(text.slice(0, 80))}: a list in a table holds no text with both kinds of quotes; write JSON lines`
  throw new FoveaError('eval_form', 'input', message)
}

/** In the order in which VLMEvalKit has its columns. */
const ORDER = ['index', 'image', 'question', ...LETTERS, 'answer', 'category', 'box', 'time', 'prediction']

/** Columns that no row fills are left out. */
function tsvOf(rows: readonly Cells[]): string {
  const columns = ORDER.filter((name) => rows.some((row) => row[name] !== undefined))
  const line = (cells: readonly (string | number | undefined)[]) => `${cells.map(cellOf).join('\t')}\n`
  return [columns, ...rows.map((row) => columns.map((name) => row[name]))].map(line).join('')
}

function cellOf(value: string | number | undefined = ''): string {
  const text = String(value)
  return /["\t\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}
