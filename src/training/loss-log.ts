import { open, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { writeFileAtomic } from '../checkpoints/atomic.ts'

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

const pathOf = (folder: string): string => join(folder, 'log.jsonl')

/** The steps logged in a folder, in order; none where there is no log. A last line that was cut off is left out. */
export async function readLossLog(folder: string): Promise<Progress[]> {
  const text = await readFile(pathOf(folder), 'utf8').catch(() => '')
  const lines = text.split('\n').slice(0, -1) // what follows the last line break is cut off, or empty
  return lines.map((line) => JSON.parse(line))
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
