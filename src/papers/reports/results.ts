/** Results on disk: `results/<id>.json`, one record per part. */

import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { writeFileAtomic } from '../../checkpoints/atomic.ts'
import { makeFolder } from '../../checkpoints/make-folder.ts'
import { assertArgument, FoveaError } from '../../errors.ts'
import { packageRoot } from '../../hub/package-root.ts'
import { BUILT_PAPERS, readBuiltPapers } from './built-papers.ts'
import { PARTS } from './row.ts'

const finite = z.number()
const rowSchema = z.strictObject({
  part: z.enum(PARTS),
  name: z.string(),
  value: finite,
  unit: z.string(),
  interval: z.tuple([finite, finite]).readonly().optional(),
  baseline: z.strictObject({ name: z.string(), value: finite, unit: z.string() }).optional(),
  paper: z.strictObject({ value: finite, unit: z.string(), where: z.string() }).optional(),
  holds: z.union([z.boolean(), z.literal('undecided')]).optional(),
  reason: z.string().optional(),
  note: z.string().optional(),
  count: z.int().optional(),
  shapes: z.enum(['embedded', 'true']).optional(),
  timed: z.boolean().optional(),
})

const partSchema = z.strictObject({
  /** ISO date and time of the end. */
  date: z.string(),
  /** Version of fovea. */
  version: z.string(),
  model: z.string(),
  split: z.string(),
  seed: z.int(),
  /** Images per task. */
  n: z.int(),
  /** What it has to be measured anew for when it changes: see `dependenciesOf`. */
  depends: z.record(z.string(), z.string()),
  rows: z.array(rowSchema),
})

const resultsSchema = z.strictObject({
  id: z.string(),
  parts: z.partialRecord(z.enum(PARTS), partSchema),
})

/** One part of a paper as it was measured. */
export type PartResult = z.output<typeof partSchema>
/** All that was measured of a paper, part by part. */
export type PaperResults = z.output<typeof resultsSchema>

/** Where results are looked for, in this order: below the working folder, then those of a clone. */
const resultFolders = (): string[] => ['results', join(packageRoot, 'results')]

/**
 * The results of a paper from the first folder that has some, or undefined. Where no folders are given, they are looked for
 * below the working folder, and then among those that come with Fovea.
 * @throws FoveaError `results_invalid` for a file that is not one of results
 */
export async function readResults(id: string, folders?: readonly string[]): Promise<PaperResults | undefined> {
  assertArgument('readResults', 'the id of a paper', id, 'string')
  if (folders !== undefined) assertArgument('readResults', 'folders', folders, 'texts')
  for (const folder of folders ?? resultFolders()) {
    const path = join(folder, `${id}.json`)
    const text = await readFile(path, 'utf8').catch(() => undefined)
    if (text !== undefined) return parseResults(path, text, id)
  }
  // A clone has them as files, and its build may be older than these.
  if (folders || existsSync(join(packageRoot, 'results'))) return undefined
  const { results } = await readBuiltPapers()
  return results[id] === undefined ? undefined : parseResults(`${BUILT_PAPERS}: ${id}`, JSON.stringify(results[id]), id)
}

/** Puts a part beside the others of `folder/<id>.json`; the file is the old one or the new one, whatever happens. */
export async function writePart(folder: string, id: string, part: keyof PaperResults['parts'], result: PartResult) {
  const before = await readResults(id, [folder])
  const parts = { ...before?.parts, [part]: result }
  const ordered = Object.fromEntries(PARTS.flatMap((name) => (parts[name] ? [[name, parts[name]]] : [])))
  const path = join(folder, `${id}.json`)
  await makeFolder(folder)
  await writeFileAtomic(path, new TextEncoder().encode(`${JSON.stringify({ id, parts: ordered }, null, 2)}\n`))
  return path
}

function parseResults(path: string, text: string, id: string): PaperResults {
  const invalid = (why: string) =>
    new FoveaError('results_invalid', 'input', `${path}: ${why}; remove it and run fovea reproduce ${id}`)
  let data: unknown
  try {
    data = JSON.parse(text)
  } catch {
    throw invalid('it is not JSON')
  }
  const result = resultsSchema.safeParse(data)
  if (!result.success) {
    const { path: at, message } = result.error.issues[0]
    throw invalid(`${at.join('.') || 'the file'}: ${message}`)
  }
  if (result.data.id !== id) throw invalid(`these are results of "${result.data.id}"`)
  return result.data
}
