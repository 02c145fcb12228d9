/** What a result depends on, and has to be measured anew for when it changes. */
import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { FoveaError } from '../../errors.ts'
import { modelPath, packageRoot } from '../../hub/package-root.ts'
import type { Paper } from '../paper.ts'
import { choosesTokens } from './budgets.ts'
import type { PaperCode } from './built-papers.ts'
import { baselines, DEFAULT_CHECKS, DEFAULT_RUN } from './default-run.ts'
import { ownPaperCode } from './paper-code.ts'

/** Names of files and of the default run, each with the hash or number of what it was. */
export type Dependencies = Readonly<Record<string, string>>

/** The model that comes with the package, by the name that dependencies have for it. */
export const EMBEDDED = 'models/fovea-mini'

/** The folder of a model that is measured: the one that comes with the package where none is named. */
export const measuredFolder = (model?: string): string =>
  model === undefined ? join(packageRoot, EMBEDDED) : modelPath(model)

/**
 * The code of the paper and of what it imports from the folders of kinds, a file each; of a paper with the default run, that
 * of the baselines and the number of that run; and the model. Code that papers share, the pipeline above all, is left out:
 * any change to it would make every result stale, and that it computes the same as before is what the tests are for.
 *
 * @param code of all papers; that of the package where none is given
 */
export async function dependenciesOf(entry: Paper, model: Dependencies, code?: PaperCode): Promise<Dependencies> {
  const hasDefaultRun = !entry.run && choosesTokens(entry)
  const entries = hasDefaultRun ? [entry, ...baselines] : [entry]
  const files = new Map<string, string>()
  const known = code ?? (await ownPaperCode())
  for (const { kind, id } of entries) addFiles(known, `${kind[0]}/${id}.ts`, files)
  const named = [...files].sort(([a], [b]) => (a < b ? -1 : 1))
  return {
    ...Object.fromEntries(named),
    ...(entry.method && { 'default checks': String(DEFAULT_CHECKS) }),
    ...(hasDefaultRun && { 'default run': String(DEFAULT_RUN) }),
    ...model,
  }
}

/**
 * The hash of a model folder under its name: all of its files but the card; adapters in folders of their own are not of
 * it. Throws FoveaError `model_missing` where there is no such folder.
 */
export async function hashModel(folder = join(packageRoot, EMBEDDED), name = EMBEDDED): Promise<Dependencies> {
  const found = await readdir(folder, { withFileTypes: true }).catch((cause) => {
    throw new FoveaError('model_missing', 'input', `${folder}: there is no such model folder`, { cause })
  })
  const names = found.filter((file) => file.isFile() && file.name !== 'README.md').map((file) => file.name)
  const hash = createHash('sha256')
  for (const file of names.sort()) hash.update(`${file}\n`).update(await readFile(join(folder, file)))
  return { [name]: short(hash.digest('hex')) }
}

/** Names what of a result's dependencies is not as it was, in words; nothing where the result still holds. */
export function changedSince(then: Dependencies, now: Dependencies): string[] {
  const names = [...new Set([...Object.keys(then), ...Object.keys(now)])]
  return names.filter((name) => then[name] !== now[name])
}

/**
 * The hash of all the code that computes. What an unfinished run knows holds only as long as this does: measuring again
 * costs time, a mixture of two versions would be wrong.
 */
export async function hashCode(): Promise<string> {
  const hash = createHash('sha256')
  for (const folder of ['src', 'dist']) {
    const names = await readdir(join(packageRoot, folder), { recursive: true }).catch(() => [])
    for (const name of names.filter((file) => /\.(ts|js)$/.test(file)).sort())
      hash.update(`${name}\n`).update(await readFile(join(packageRoot, folder, name)))
  }
  return short(hash.digest('hex'))
}

function addFiles(code: PaperCode, path: string, files: Map<string, string>): void {
  // A package without hashes of its code: its results cannot be told from stale ones.
  if (files.has(path) || !code[path]) return
  files.set(path, code[path].hash)
  for (const target of code[path].imports) addFiles(code, target, files)
}

const short = (hash: string): string => hash.slice(0, 16)
