/** Questions as VLMEvalKit keeps them: a table of tab-separated columns, pictures in base64 or by their paths. */
import { LETTERS, letterOf, lineError, type OwnQuestion } from './own-question.ts'

interface Row {
  readonly place: string
  readonly cells: readonly string[]
}

/** Throws FoveaError `eval_data` with the file and the line. */
export function readTsv(name: string, content: string): OwnQuestion[] {
  const [head, ...rows] = rowsOf(name, content)
  const columns = head?.cells ?? []
  for (const needed of ['question', 'answer'])
    if (!columns.includes(needed)) throw lineError(`${name}:1`, `it has no column "${needed}"`)
  if (!columns.includes('image') && !columns.includes('image_path'))
    throw lineError(`${name}:1`, 'it has neither a column "image" nor "image_path"')
  const twice = columns.find((column, at) => columns.indexOf(column) < at)
  if (twice !== undefined) throw lineError(`${name}:1`, `it has two columns "${twice}"`)
  const records = rows.map(({ place, cells }) => {
    if (cells.length !== columns.length)
      throw lineError(place, `it has ${cells.length} columns, the first line has ${columns.length}`)
    return { place, fields: Object.fromEntries(columns.map((column, at) => [column, cells[at]])) }
  })
  const byIndex = new Map(records.map(({ fields }) => [fields.index, fields.image]))
  return records.map(({ place, fields }) => questionOf(place, fields, byIndex))
}

type Fields = Readonly<Record<string, string | undefined>>

function questionOf(
  place: string,
  fields: Fields,
  byIndex: ReadonlyMap<string | undefined, string | undefined>,
): OwnQuestion {
  const { question, answer = '', hint, category, box, time } = fields
  if (!question) throw lineError(place, 'its "question" is empty')
  if (answer === '') throw lineError(place, 'its "answer" is empty; a split without answers cannot be judged')
  const options = [...LETTERS].map((letter) => fields[letter]).filter((option) => option !== undefined && option !== '')
  const isChosen = options.length > 0
  return {
    place,
    pictures: picturesOf(place, fields, byIndex),
    question: hint ? `${hint}\n${question}` : question,
    answers: isChosen ? [letterOf(place, answer, options as string[])] : answersOf(answer),
    ...(isChosen && { options: options as string[] }),
    ...(category && { category }),
    ...(box && { box: numbersOf(place, 'box', box, 4) as OwnQuestion['box'] }),
    ...(time && { time: numbersOf(place, 'time', time, 2) as OwnQuestion['time'] }),
  }
}

/** An image that is this short is the index of the row that has it. */
const REFERENCE = 64

function picturesOf(
  place: string,
  { image = '', image_path: path }: Fields,
  byIndex: ReadonlyMap<string | undefined, string | undefined>,
): string[] {
  const isReference = !path && image.length > 0 && image.length <= REFERENCE
  const held = path || (isReference ? byIndex.get(image) : image)
  if (!held && isReference) throw lineError(place, `there is no row ${image} whose image it could show`)
  const pictures = held ? listOf(held) : []
  if (pictures.length === 0) throw lineError(place, 'it has no image')
  if (isReference && held!.length <= REFERENCE) throw lineError(place, `row ${image} has no image of its own to show`)
  return path ? pictures : pictures.map((data) => `data:application/octet-stream;base64,${data}`)
}

/** Several right answers stand as a list of texts in quotes; anything else in brackets is an answer of its own. */
function answersOf(cell: string): string[] {
  const item = `(?:'[^']*'|"[^"]*")`
  return new RegExp(`^\\[\\s*${item}(?:\\s*,\\s*${item})*\\s*\\]$`).test(cell) ? listOf(cell) : [cell]
}

/** As Fovea writes where an answer may be near enough. */
function numbersOf(place: string, column: string, cell: string, count: number): number[] {
  const numbers = /^\[[-\d.,eE+\s]*\]$/.test(cell) ? cell.slice(1, -1).split(',').map(Number) : []
  if (numbers.length === count && numbers.every(Number.isFinite)) return numbers
  throw lineError(
    place,
    `its "${column}" must be ${count} numbers in brackets, given ${JSON.stringify(cell.slice(0, 80))}`,
  )
}

/** A cell that holds one text, or a list of them as Python writes it. */
function listOf(cell: string): string[] {
  if (!cell.startsWith('[')) return [cell]
  return [...cell.matchAll(/'([^']*)'|"([^"]*)"/g)].map(([, single, double]) => single ?? double)
}

/** Rows of cells; a cell in quotes may hold tabs and lines, and a quote twice for one. */
function rowsOf(name: string, content: string): Row[] {
  const rows: Row[] = []
  let [cells, cell, line, start]: [string[], string, number, number] = [[], '', 1, 1]
  let isQuoted = false
  const endRow = () => {
    cells.push(cell)
    if (cells.length > 1 || cells[0] !== '') rows.push({ place: `${name}:${start}`, cells })
    ;[cells, cell, start] = [[], '', line + 1]
  }
  for (let at = 0; at < content.length; at++) {
    const letter = content[at]
    if (letter === '\n' && !isQuoted) endRow()
    if (letter === '\n') line++
    if (isQuoted && letter === '"' && content[at + 1] === '"') {
      cell += '"'
      at++
    } else if (letter === '"' && (isQuoted || cell === '')) isQuoted = !isQuoted
    else if (letter === '\t' && !isQuoted) {
      cells.push(cell)
      cell = ''
    } else if (isQuoted || (letter !== '\n' && letter !== '\r')) cell += letter
  }
  if (isQuoted) throw lineError(`${name}:${start}`, 'a quote that opens here is never closed')
  endRow()
  return rows
}
