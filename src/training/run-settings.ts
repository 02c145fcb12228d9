import { join } from 'node:path'
import { z } from 'zod'
import { writeFileAtomic } from '../checkpoints/atomic.ts'
import { makeFolder } from '../checkpoints/make-folder.ts'
import { FoveaError } from '../errors.ts'
import { readModelFile } from '../text/model-file.ts'

const schema = z.record(z.string(), z.union([z.number(), z.string()]))

/** Settings that decide what a training computes, by name. */
export type RunSettings = Readonly<Record<string, number | string>>

/**
 * Notes the settings of a run in its folder, or makes sure that a run begun earlier had the same ones: a resumed run
 * must compute what an unbroken one would. Throws FoveaError `training_settings` naming those that differ.
 */
export async function keepSettings(folder: string, settings: RunSettings): Promise<void> {
  const path = join(folder, 'settings.json')
  const text = await readModelFile(folder, 'settings.json')
  if (text === undefined) {
    await makeFolder(folder)
    return writeFileAtomic(path, new TextEncoder().encode(`${JSON.stringify(settings, null, 2)}\n`))
  }
  const begun = parseSettings(path, text)
  const names = [...new Set([...Object.keys(settings), ...Object.keys(begun)])]
  const changed = names.filter((name) => begun[name] !== settings[name])
  if (changed.length === 0) return
  const differences = changed
    .map((name) => `${name} ${begun[name] ?? 'absent'}, not ${settings[name] ?? 'absent'}`)
    .join('; ')
  const message = `${folder} holds a training with ${differences}: resume it with the same settings, or choose another folder`
  throw new FoveaError('training_settings', 'usage', message)
}

function parseSettings(path: string, text: string): RunSettings {
  const invalid = (problem: string, cause?: unknown) =>
    new FoveaError('training_settings', 'input', `${path}: ${problem}; choose another folder`, { cause })
  let found: unknown
  try {
    found = JSON.parse(text)
  } catch (cause) {
    throw invalid('it is not JSON', cause)
  }
  const parsed = schema.safeParse(found)
  if (!parsed.success) throw invalid('it does not hold the settings of a training', parsed.error)
  return parsed.data
}
