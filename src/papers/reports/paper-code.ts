/** The code of papers as hashes: of their sources, or, in a package, which has none, as its build wrote them down. */
import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { join, posix } from 'node:path'
import { packageRoot } from '../../hub/package-root.ts'
import { KINDS } from '../paper.ts'
import { type CodeFile, type PaperCode, readBuiltPapers } from './built-papers.ts'

/** Reads the folders of kinds in a folder of papers. Throws what the file system does. */
export async function readPaperCode(sources: string): Promise<PaperCode> {
  const names = await readdir(sources, { recursive: true })
  const paths = names.map((name) => name.replaceAll('\\', '/')).filter((path) => /\.ts$/.test(path) && isOfKind(path))
  return Object.fromEntries(
    await Promise.all(
      paths.sort().map(async (path) => [path, codeFile(path, await readFile(join(sources, path), 'utf8'))] as const),
    ),
  )
}

/** The code of the papers that run: of their sources where there are any, else as the build knew it. */
export const ownPaperCode = (): Promise<PaperCode> =>
  readPaperCode(join(packageRoot, 'src/papers')).catch(async () => (await readBuiltPapers()).code)

function codeFile(path: string, text: string): CodeFile {
  const specifiers = [...text.matchAll(/(?:from |import\()'(\.[^']+)'/g)]
  const targets = specifiers.map(([, specifier]) => posix.join(posix.dirname(path), specifier))
  return { hash: shortHash(codeOf(text)), imports: targets.filter(isOfKind) }
}

const isOfKind = (path: string): boolean => KINDS.some((kind) => path.startsWith(`${kind}/`))

/** Comments on lines of their own, and the fields of an entry that only describe it, each up to the next field. */
const WORDS =
  /^ *\/\*\*[\s\S]*?\*\/\n|^ *\/\/.*\n|^ {2}(?:summary|equation|where|differs|example):[\s\S]*?(?=^ {2}\w|^\})/gm

/** What of a source says how something is computed. Words for readers may change, and nothing has to be measured anew. */
const codeOf = (text: string): string => text.replaceAll('\r\n', '\n').replace(WORDS, '')

/** The first 16 letters of a SHA-256. */
export const shortHash = (data: string): string => createHash('sha256').update(data).digest('hex').slice(0, 16)
