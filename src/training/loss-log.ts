import { open } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { writeFileAtomic } from '../checkpoints/atomic.ts'
import { FoveaError } from '../errors.ts'
import { readModelFile } from '../text/model-file.ts'

/** A finished step of a training. */
export interface Progress {
  /** Finished steps, this one included. */
  readonly step: number
  readonly total: number
  readonly rate: number
  readonly losses: Readonly<Record<string, number>>
  readonly milliseconds: number
}

/** The open log of a training: one line of JSON per step. */
export interface LossLog {
  append(progress: Progress): Promise<void>
  close(): Promise<void>
}

const NAME = 'log.jsonl'
const pathOf = (folder: string): string => join(folder, NAME)

/**
 * The steps logged in a folder, in order; none where there is no log. A last line that was cut off is left out.
 * @throws FoveaError `training_log` naming the line, and those of `readModelFile`
 */
export async function readLossLog(folder: string): Promise<Progress[]> {
  const text = (await readModelFile(folder, NAME)) ?? ''
  const lines = text.split('\n').slice(0, -1) // what follows the last line break is cut off, or empty
  return lines.map((line, at) => parseLine(line, `${pathOf(folder)}: line ${at + 1}`))
}

const schema = z.object({
  step: z.int(),
  total: z.int(),
  rate: z.number(),
  losses: z.record(z.string(), z.number()),
  milliseconds: z.number(),
})

function parseLine(line: string, where: string): Progress {
  try {
    return schema.parse(JSON.parse(line))
  } catch (cause) {
    const message = `${where} is damaged; remove it, or the whole file: only the curve of the losses needs it`
    throw new FoveaError('training_log', 'input', message, { cause })
  }
}

/** Opens the log of a folder for the steps after `step`; later ones, which a resumed run repeats, are removed. */
export async function openLossLog(folder: string, step: number): Promise<LossLog> {
  const kept = (await readLossLog(folder)).filter((entry) => entry.step <= step)
  const lines = kept.map((entry) => `${JSON.stringify(entry)}\n`).join('')
  await writeFileAtomic(pathOf(folder), new TextEncoder().encode(lines))
  const file = await open(pathOf(folder), 'a')
  return {
    append: async (progress) => file.appendFile(`${JSON.stringify(progress)}\n`),
    close: () => file.close(),
  }
}
