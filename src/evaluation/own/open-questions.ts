import { readdir, readFile, stat } from 'node:fs/promises'
import { dirname, extname, join } from 'node:path'
import { FoveaError } from '../../errors.ts'
import { fileError } from '../../media/read-image.ts'
import { lineError, type OwnQuestion } from './own-question.ts'
import { readJsonLines } from './read-jsonl.ts'
import { readTsv } from './read-tsv.ts'

export interface OwnQuestions {
  /** The file that was read. */
  readonly file: string
  /** What paths of pictures begin at. */
  readonly folder: string
  readonly questions: readonly OwnQuestion[]
}

const FORMS: Readonly<Record<string, (name: string, content: string) => OwnQuestion[]>> = {
  '.jsonl': readJsonLines,
  '.tsv': readTsv,
}

/**
 * Questions of a folder, or of a file: `data.jsonl`, or the one file of JSON lines or tab-separated columns that is there.
 * @throws FoveaError `file_missing`, `file_unreadable`, `eval_folder` where it is not clear which file is meant, `eval_data`
 */
export async function openQuestions(path: string): Promise<OwnQuestions> {
  const file = await fileOf(path)
  const content = await readFile(file, 'utf8').catch((error) => Promise.reject(fileError(file, error)))
  const questions = FORMS[extname(file)](file, content.replace(/^\uFEFF/, ''))
  if (questions.length === 0) throw folderError(file, 'it holds no question')
  for (const question of questions) assertHere(question)
  return { file, folder: dirname(file), questions }
}

const folderError = (path: string, problem: string): FoveaError =>
  new FoveaError('eval_folder', 'input', `${path}: ${problem}`)

/** Schemes of addresses that need a network; a drive of Windows has one letter. */
const ELSEWHERE = /^(?!data:|file:)[a-z][a-z0-9+.-]+:\/{1,2}/i

/** Throws FoveaError `eval_data` for a picture that is not on this machine. */
function assertHere({ place, pictures }: OwnQuestion): void {
  const url = pictures.find((picture) => ELSEWHERE.test(picture))
  if (url === undefined) return
  throw lineError(
    place,
    `${url.slice(0, 200)}: pictures are not fetched from the network; download it and name the file`,
  )
}

async function fileOf(path: string): Promise<string> {
  const found = await stat(path).catch((error) => Promise.reject(fileError(path, error)))
  if (!found.isDirectory()) {
    if (FORMS[extname(path)]) return path
    throw folderError(path, 'questions are read from .jsonl (JSON lines) or .tsv (tab-separated columns)')
  }
  const names = (await readdir(path)).filter((name) => FORMS[extname(name)]).sort()
  const name = names.find((each) => each === 'data.jsonl') ?? names[0]
  if (name === undefined) throw folderError(path, 'it holds no .jsonl and no .tsv file')
  if (names.length > 1 && name !== 'data.jsonl')
    throw folderError(path, `it holds several files of questions; name one: ${names.join(', ')}`)
  return join(path, name)
}
