import { join } from 'node:path'
import { writeFileAtomic } from '../checkpoints/atomic.ts'
import { removeLeftovers } from '../checkpoints/leftovers.ts'
import { makeFolder } from '../checkpoints/make-folder.ts'
import { FoveaError } from '../errors.ts'
import { type QA, type Scene, type Split, sample, sampleDialogue } from '../world/index.ts'
import { renderSample } from '../world/node-canvas.ts'

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
 * where there is one, heldOut, scene; for dialogues all `turns` too. Returns the number of images.
 * @throws FoveaError `world-count`, and those of `makeFolder` and `writeFileAtomic`
 */
export async function exportWorld(options: ExportOptions): Promise<number> {
  const { n, outDir, signal } = options
  if (!Number.isSafeInteger(n) || n < 1) {
    throw new FoveaError('world-count', 'usage', `Cannot write ${n} images: the number must be a positive integer`)
  }
  makeRecord(options, 0)
  const lines: string[] = []
  await makeFolder(outDir)
  await removeLeftovers(outDir)
  for (let index = 0; index < n && !signal?.aborted; index++) {
    const { scene, fields } = makeRecord(options, index)
    const image = `${String(index).padStart(6, '0')}.png`
    await writeFileAtomic(join(outDir, image), renderSample({ scene }).png, false)
    lines.push(`${JSON.stringify({ image, ...fields, scene })}\n`)
  }
  await writeFileAtomic(join(outDir, 'data.jsonl'), new TextEncoder().encode(lines.join('')))
  return lines.length
}
