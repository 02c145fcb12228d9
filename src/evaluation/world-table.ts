/** Questions about Fovea World as a table of VLMEvalKit. */
import { FoveaError } from '../errors.ts'
import type { Exhibit } from '../world/node-exhibits.ts'
import { questionTable, type TableQuestion } from './own/write-tsv.ts'

interface Said {
  readonly task: string
  readonly question: string
  readonly answer: string
  readonly options?: readonly string[]
  readonly box?: TableQuestion['box']
  readonly time?: TableQuestion['time']
}

/** What a table needs of a line of `data.jsonl`. */
type Fields = Partial<Said> & {
  readonly image?: string
  readonly images?: readonly string[]
  readonly turns?: readonly Said[]
}

/**
 * A row for each question; the later ones about the same pictures name the row that has these.
 * @throws FoveaError `world_form` for what no table of pictures holds: films, sounds, episodes, voxels
 */
export function worldTable(exhibits: Iterable<Exhibit>): string {
  const rows: TableQuestion[] = []
  for (const { files, record } of exhibits) {
    const { image, images = image === undefined ? [] : [image], turns, ...fields } = record as Fields
    const asked = turns ?? [fields as Said]
    if (images.length === 0 || asked.some(({ question }) => question === undefined)) throw noTable(asked[0]?.task)
    const pictures = images.map((name) => Buffer.from(files.get(name)!).toString('base64'))
    const first = rows.length
    for (const [turn, { task, question, answer, options, box, time }] of asked.entries())
      rows.push({
        question,
        answers: [answer],
        options,
        category: task,
        box,
        time,
        images: turn === 0 ? pictures : first,
      })
  }
  return questionTable(rows)
}

const noTable = (task?: string): FoveaError =>
  new FoveaError(
    'world_form',
    'usage',
    `a table of VLMEvalKit holds pictures and questions, and ${task ?? 'this task'} is of another kind; leave --form out`,
  )
