import { open, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { FoveaError } from '../../errors.ts'
import { acquireLock } from '../../training/lock.ts'

/** What runs have found out so far, by key; it survives a kill at any moment. */
export interface Notebook {
  get(key: string): unknown
  /** Adds one line to the file; undefined forgets what was there. */
  put(key: string, value: unknown): Promise<void>
  close(): Promise<void>
}

const entrySchema = z.object({ key: z.string(), value: z.unknown().optional() })

type Entry = z.output<typeof entrySchema>

/**
 * Opens the notebook of a folder, with what an earlier run left there. One process at a time writes to it.
 * @throws FoveaError `training_locked` while another process runs there; `notebook_invalid` for lines that are not its own
 */
export async function openNotebook(folder: string): Promise<Notebook> {
  const release = await acquireLock(folder, 'run')
  const path = join(folder, 'notebook.jsonl')
  const { known, end } = parseEntries(path, await readFile(path, 'utf8').catch(() => ''))
  const file = await open(path, 'a')
  await file.truncate(end) // a line that was cut off
  return {
    get: (key) => known.get(key),
    put: async (key, value) => {
      known.set(key, value)
      await file.appendFile(`${JSON.stringify({ key, value } satisfies Entry)}\n`)
    },
    close: async () => {
      await file.close()
      await release()
    },
  }
}

/** The whole lines of a file, and where they end in bytes. */
function parseEntries(path: string, text: string): { known: Map<string, unknown>; end: number } {
  const whole = text.slice(0, text.lastIndexOf('\n') + 1)
  const lines = whole.split('\n').slice(0, -1)
  const entries = lines.map((line, at) => parseEntry(line, `${path}:${at + 1}`))
  return { known: new Map(entries.map(({ key, value }) => [key, value])), end: Buffer.byteLength(whole) }
}

function parseEntry(line: string, where: string): Entry {
  try {
    return entrySchema.parse(JSON.parse(line))
  } catch (cause) {
    throw new FoveaError(
      'notebook_invalid',
      'input',
      `${where}: not a line of a run; remove the folder to begin anew`,
      {
        cause,
      },
    )
  }
}
