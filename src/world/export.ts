import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { FoveaError } from '../errors.ts'
import type { Split } from './make-scene.ts'
import { renderSample } from './node-canvas.ts'
import type { QA } from './questions/index.ts'
import { sample, sampleDialogue } from './sample.ts'
import type { Scene } from './scene.ts'

/** What to write: `task` is one of `TASK_IDS` or `dialogue`; without it every kind of question. */
export interface ExportOptions {
  task?: string
  split: Split
  seed: number
  /** Number of images. */
  n: number
  /** Folder to write into, made where it is missing; files of the same names are overwritten. */
  outDir: string
  /** Stops after the current image; what was written until then is listed as usual. */
  signal?: AbortSignal
}

/** The fields of one line of `data.jsonl` besides the image's name. */
function makeRecord({ task, split, seed }: ExportOptions, index: number): { scene: Scene; fields: object } {
  if (task === 'dialogue') {
    const { scene, turns, heldOut } = sampleDialogue({ split, seed, index })
    const [{ question, answer }] = turns
    return { scene, fields: { task, question, answer, turns: turns.map(publicFields), heldOut } }
  }
  const { scene, qa, heldOut } = sample({ split, seed, index, task })
  return { scene, fields: { ...publicFields(qa), heldOut } }
}

function publicFields({ task, question, answer, box }: QA): object {
  return { task, question, answer, box }
}

/**
 * Writes `000000.png`, `000001.png`, ... and `data.jsonl` with one line for each: image, task, question, answer, box
 * where there is one, heldOut, scene; for dialogues all `turns` too. Throws FoveaError for bad options or a folder that
 * cannot be written. Returns the number of images.
 */
export async function exportWorld(options: ExportOptions): Promise<number> {
  const { n, outDir, signal } = options
  if (!Number.isSafeInteger(n) || n < 1) {
    throw new FoveaError('world-count', 'usage', `Cannot write ${n} images: the number must be a positive integer`)
  }
  makeRecord(options, 0)
  const lines: string[] = []
  try {
    await mkdir(outDir, { recursive: true })
    for (let index = 0; index < n && !signal?.aborted; index++) {
      const { scene, fields } = makeRecord(options, index)
      const image = `${String(index).padStart(6, '0')}.png`
      await writeFile(join(outDir, image), renderSample({ scene }).png)
      lines.push(`${JSON.stringify({ image, ...fields, scene })}\n`)
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
