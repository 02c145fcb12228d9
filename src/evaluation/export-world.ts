import { dirname, join } from 'node:path'
import { writeFileAtomic } from '../checkpoints/atomic.ts'
import { removeLeftovers } from '../checkpoints/leftovers.ts'
import { makeFolder } from '../checkpoints/make-folder.ts'
import { FoveaError } from '../errors.ts'
import { type Exhibit, type ExhibitOptions, type Exhibits, exhibitsOf } from '../world/node-exhibits.ts'
import { worldTable } from './world-table.ts'

/** What to write: `task` is one of `EXPORT_TASKS`; without it every kind of question about shapes. */
export interface ExportOptions extends ExhibitOptions {
  /** Number of images. */
  n: number
  /** Folder to write into, made where it is missing; files of the same names are overwritten. */
  outDir: string
  /** A table of VLMEvalKit, `data.tsv` with pictures in base64, in the place of all other files. */
  form?: 'vlmevalkit'
  /** Stops after the current image; what was written until then is listed as usual. */
  signal?: AbortSignal
}

/**
 * Writes `000000.png`, `000001.png`, ... and `data.jsonl` with one line for each: image, task, question, answer, box
 * where there is one, heldOut, scene; for dialogues all `turns` too. Pictures of things come with masks; films, sounds and
 * episodes have files of their own, which their lines name. Returns the number of lines, or of images in a table.
 * @throws FoveaError `world-count`, `world_form`, what the World refuses, and those of `makeFolder` and `writeFileAtomic`
 */
export async function exportWorld(options: ExportOptions): Promise<number> {
  const { n, outDir, signal } = options
  if (!Number.isSafeInteger(n) || n < 1) {
    throw new FoveaError('world-count', 'usage', `Cannot write ${n} images: the number must be a positive integer`)
  }
  const make = exhibitsOf(options)
  const first = make(0) // what is refused is refused before a folder is made
  if (options.form) worldTable([first])
  const lines: string[] = []
  await makeFolder(outDir)
  await removeLeftovers(outDir)
  if (options.form) return writeTable(make, options)
  for (let index = 0; index < n && !signal?.aborted; index++) {
    const { files, record } = make(index)
    for (const [name, bytes] of files) {
      const path = join(outDir, name)
      if (dirname(name) !== '.') await makeFolder(dirname(path))
      await writeFileAtomic(path, bytes, false)
    }
    lines.push(`${JSON.stringify(record)}\n`)
  }
  await writeFileAtomic(join(outDir, 'data.jsonl'), new TextEncoder().encode(lines.join('')))
  return lines.length
}

async function writeTable(make: Exhibits, { n, outDir, signal }: ExportOptions): Promise<number> {
  const exhibits: Exhibit[] = []
  while (exhibits.length < n && !signal?.aborted) exhibits.push(make(exhibits.length))
  await writeFileAtomic(join(outDir, 'data.tsv'), new TextEncoder().encode(worldTable(exhibits)))
  return exhibits.length
}
