/** Files that a command writes where it is told to. */
import { realpath, stat } from 'node:fs/promises'
import { dirname, resolve, sep } from 'node:path'
import { assertReplaceable, writeFileAtomic } from '../checkpoints/atomic.ts'
import { removeLeftovers } from '../checkpoints/leftovers.ts'
import { FoveaError } from '../errors.ts'

const taken = (path: string, message: string): FoveaError =>
  new FoveaError('output_taken', 'usage', `${path}: ${message}; write to another file`)

/**
 * Refuses, before anything is computed, an output that cannot be written or would replace what is read: an input, by
 * whatever name, or a file of a folder that is one.
 * @throws FoveaError kind `usage` `output_taken`; kind `resource` `write_failed` where its folder is missing
 */
export async function assertOutput(path: string, inputs: readonly string[]): Promise<void> {
  await assertReplaceable(path)
  const folder = await realpath(dirname(resolve(path))).catch(() => undefined)
  if (!folder) throw new FoveaError('write_failed', 'resource', `${path}: its folder does not exist`)
  const found = await stat(path, { bigint: true }).catch(() => undefined)
  if (found?.isDirectory()) throw taken(path, 'a folder has this name')
  if (!found) return
  for (const input of inputs) {
    const read = await stat(input, { bigint: true }).catch(() => undefined)
    if (read?.dev === found.dev && read.ino === found.ino) throw taken(path, 'this file is an input')
    if (read?.isDirectory() && `${folder}${sep}`.startsWith(`${await realpath(input)}${sep}`))
      throw taken(path, `this file belongs to the input ${input}`)
  }
}

/** Writes an output that `assertOutput` has let pass. Throws those of `writeFileAtomic`. */
export async function writeOutput(path: string, bytes: Uint8Array): Promise<void> {
  await removeLeftovers(dirname(resolve(path)))
  await writeFileAtomic(path, bytes)
}
