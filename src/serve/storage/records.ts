/** What a server remembers of files and batches: a small JSON file each, all of them in memory. */
import { randomBytes } from 'node:crypto'
import { readdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { writeFileAtomic } from '../../checkpoints/atomic.ts'
import { removeLeftovers } from '../../checkpoints/leftovers.ts'
import { makeFolder } from '../../checkpoints/make-folder.ts'
import { FoveaError } from '../../errors.ts'

/** A name that nobody guesses; those of one kind sort by the time they were made. */
export const newId = (prefix: string): string =>
  `${prefix}${Date.now().toString(16).padStart(12, '0')}${randomBytes(10).toString('hex')}`

const SUFFIX = '.json'

/** Ids come from `newId`. What a client gives as one is looked up here and never made part of a path. */
export class Records<T extends { readonly id: string }> {
  private readonly known = new Map<string, T>()

  private constructor(private readonly folder: string) {}

  /** Throws FoveaError `folder_unwritable`, kind `resource`; `data_damaged`, kind `input`. */
  static async open<T extends { readonly id: string }>(folder: string): Promise<Records<T>> {
    await makeFolder(folder)
    await removeLeftovers(folder)
    const records = new Records<T>(folder)
    const names = (await readdir(folder)).filter((name) => name.endsWith(SUFFIX)).sort()
    for (const name of names) {
      const record = await readRecord<T>(join(folder, name))
      records.known.set(record.id, record)
    }
    return records
  }

  get size(): number {
    return this.known.size
  }

  find(id: string): T | undefined {
    return this.known.get(id)
  }

  /** The newest first. */
  all(): T[] {
    return [...this.known.values()].reverse()
  }

  /** On disk when it resolves. Throws what `writeFileAtomic` throws; then the old version stays. */
  async put(record: T): Promise<T> {
    await writeFileAtomic(this.pathOf(record.id), new TextEncoder().encode(JSON.stringify(record)))
    this.known.set(record.id, record)
    return record
  }

  async remove(id: string): Promise<void> {
    await rm(this.pathOf(id), { force: true })
    this.known.delete(id)
  }

  private pathOf(id: string): string {
    return join(this.folder, `${id}${SUFFIX}`)
  }
}

async function readRecord<T>(path: string): Promise<T> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as T
  } catch (cause) {
    const message = `${path}: this is not what a server wrote there; move it away, or give another folder (--data)`
    throw new FoveaError('data_damaged', 'input', message, { cause })
  }
}
