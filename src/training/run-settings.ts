import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { writeFileAtomic } from '../checkpoints/atomic.ts'
import { makeFolder } from '../checkpoints/make-folder.ts'
import { FoveaError } from '../errors.ts'

/** Settings that decide what a training computes, by name. */
export type RunSettings = Readonly<Record<string, number | string>>

/**
 * Notes the settings of a run in its folder, or makes sure that a run begun earlier had the same ones: a resumed run
 * must compute what an unbroken one would. Throws FoveaError `training_settings` naming those that differ.
 */
export async function keepSettings(folder: string, settings: RunSettings): Promise<void> {
  const path = join(folder, 'settings.json')
  const text = await readFile(path, 'utf8').catch(() => undefined)
  if (text === undefined) {
    await makeFolder(folder)
    return writeFileAtomic(path, new TextEncoder().encode(`${JSON.stringify(settings, null, 2)}\n`))
  }
  const begun = parseSettings(path, text)
  const changed = Object.keys(settings).filter((name) => begun[name] !== settings[name])
  if (changed.length === 0) return
  const differences = changed.map((name) => `${name} ${begun[name]}, not ${settings[name]}`).join('; ')
  const message = `${folder} holds a training with ${differences}: resume it with the same settings, or choose another folder`
  throw new FoveaError('training_settings', 'usage', message)
}

function parseSettings(path: string, text: string): RunSettings {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new FoveaError('training_settings', 'input', `${path}: it is not JSON; remove it to go on`, { cause })
  }
}
