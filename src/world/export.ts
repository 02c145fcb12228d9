import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { FoveaError } from '../errors.ts'
import { type ExhibitOptions, exhibitsOf } from './node-exhibits.ts'

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
 * episodes have files of their own, which their lines name. Throws FoveaError for bad options or a folder that
 * cannot be written. Returns the number of lines.
 */
export async function exportWorld(options: ExportOptions): Promise<number> {
  const { n, outDir, signal } = options
  if (!Number.isSafeInteger(n) || n < 1) {
    throw new FoveaError('world-count', 'usage', `Cannot write ${n} images: the number must be a positive integer`)
  }
  const make = exhibitsOf(options)
  const lines: string[] = []
  try {
    await mkdir(outDir, { recursive: true })
    for (let index = 0; index < n && !signal?.aborted; index++) {
      const { files, record } = make(index)
      for (const [name, bytes] of files) await writeIn(outDir, name, bytes)
      lines.push(`${JSON.stringify(record)}\n`)
    }
    await writeFile(join(outDir, 'data.jsonl'), lines.join(''))
    return lines.length
  } catch (error) {
    if (error instanceof FoveaError) throw error
    throw new FoveaError(
      'world-write',
      'resource',
      `Cannot write the World to ${outDir}: ${(error as Error).message}`,
      {
        cause: error,
      },
    )
  }
}

async function writeIn(folder: string, name: string, bytes: Uint8Array): Promise<void> {
  const path = join(folder, name)
  await mkdir(dirname(path), { recursive: true })
  await writeFile(path, bytes)
}
