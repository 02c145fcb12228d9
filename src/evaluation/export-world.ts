import { dirname, join } from 'node:path'
import { writeFileAtomic } from '../checkpoints/atomic.ts'
import { removeLeftovers } from '../checkpoints/leftovers.ts'
import { makeFolder } from '../checkpoints/make-folder.ts'
import { FoveaError } from '../errors.ts'
import { type ExhibitOptions, exhibitsOf } from '../world/node-exhibits.ts'

/** What to write: `task` is one of `EXPORT_TASKS`; without it every kind of question about shapes. */
export interface ExportOptions extends ExhibitOptions {
  /** Number of images. */
  n: number
  /** Folder to write into, made where it is missing; files of the same names are overwritten. */
  outDir: string
  /** Stops after the current image; what was written until then is listed as usual. */
  signal?: AbortSignal
}

/**
 * Writes `000000.png`, `000001.png`, ... and `data.jsonl` with one line for each: image, task, question, answer, box
 * where there is one, heldOut, scene; for dialogues all `turns` too. Pictures of things come with masks; films, sounds and
 * episodes have files of their own, which their lines name. Returns the number of lines.
 * @throws FoveaError `world-count`, what the World refuses, and those of `makeFolder` and `writeFileAtomic`
 */
export async function exportWorld(options: ExportOptions): Promise<number> {
  const { n, outDir, signal } = options
  if (!Number.isSafeInteger(n) || n < 1) {
    throw new FoveaError('world-count', 'usage', `Cannot write ${n} images: the number must be a positive integer`)
  }
  const make = exhibitsOf(options)
  make(0) // what is refused is refused before a folder is made
  const lines: string[] = []
  await makeFolder(outDir)
  await removeLeftovers(outDir)
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
