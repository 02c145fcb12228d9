/** Which GGUF files a name means: of the language model, and of its vision side. */
import { readdir, stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { type GgufFile, openGguf } from '../../checkpoints/gguf.ts'
import { FoveaError } from '../../errors.ts'
import { textAt, unreadGguf } from './metadata.ts'
import { ggufFilesOf, isGguf } from './node-names.ts'

export interface GgufPair {
  readonly language: GgufFile
  readonly vision: GgufFile
}

const isVisionName = (name: string): boolean => /mmproj/i.test(basename(name))

const SHOWN = 8
const shown = (names: readonly string[]): string =>
  names
    .slice(0, SHOWN)
    .map((name) => basename(name))
    .join(', ') + (names.length > SHOWN ? ', ...' : '')

const invalid = (code: string, message: string): FoveaError => new FoveaError(code, 'input', message)

/** The one of some files. Throws FoveaError `checkpoint_ambiguous` where there are several. */
function only(files: readonly string[], folder: string, what: string, how: string): string | undefined {
  if (files.length < 2) return files[0]
  const found = `${folder}: it holds ${files.length} ${what} (${shown(files)})`
  throw invalid('checkpoint_ambiguous', `${found}; name one ${how}`)
}

async function openVision(path: string): Promise<GgufFile> {
  const file = await openGguf(path)
  if (textAt(file, 'general.architecture') === 'clip') return file
  throw unreadGguf(file, 'this is no vision side (mmproj), which the language model needs beside it')
}

async function openLanguage(path: string): Promise<GgufFile> {
  const file = await openGguf(path)
  if (textAt(file, 'general.architecture') === 'clip')
    throw unreadGguf(
      file,
      'this is a vision side alone; name the file of the language model, and this one as its mmproj',
    )
  const type = textAt(file, 'general.type') ?? 'model'
  if (type !== 'model') throw unreadGguf(file, `this is no model but "${type.slice(0, 40)}"`)
  return file
}

/** The file of the vision side that lies beside a model. */
async function visionBeside(folder: string): Promise<string | undefined> {
  const names = (await readdir(folder)).filter((name) => isGguf(name) && isVisionName(name)).sort()
  return only(names, folder, 'vision sides', 'with --mmproj (library: mmproj)')
}

async function languageIn(folder: string): Promise<string> {
  const files = (await ggufFilesOf(folder)).filter((file) => !isVisionName(file))
  const found = only(files, folder, 'language models in GGUF', 'of these files as the model')
  if (found !== undefined) return found
  throw invalid('checkpoint_missing', `${folder}: it holds no language model in GGUF beside the vision side`)
}

/**
 * The files that a name means: a `.gguf`, or a folder that holds one. The vision side is `mmproj`, or the one file beside it
 * whose name says so.
 * @throws FoveaError kind `input`: `checkpoint_ambiguous`, `checkpoint_missing`, `checkpoint_format`, `vision_missing`, and
 *   those of `openGguf`
 */
export async function findGguf(name: string, mmproj?: string): Promise<GgufPair> {
  const isFolder = (await stat(name).catch(() => undefined))?.isDirectory() === true
  const language = isFolder ? await languageIn(name) : name
  const opened = await openLanguage(language)
  const folder = dirname(language)
  const beside = mmproj ?? (await visionBeside(folder).then((found) => found && join(folder, found)))
  if (beside !== undefined) return { language: opened, vision: await openVision(beside) }
  const advice = 'put its mmproj-*.gguf beside it, or name that with --mmproj (library: mmproj)'
  throw invalid('vision_missing', `${language}: a language model alone sees no pictures; ${advice}`)
}
