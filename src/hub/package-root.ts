import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const manifest = findManifest()

/** The folder of the package, which lies above `src/hub/` in the sources and above `dist/` in the build. */
export const packageRoot: string = manifest.folder

/** The version in package.json. */
export const version: string = manifest.version

/** What `--model` is by default: the model that comes with the package. */
export const DEFAULT_MODEL = 'mini'

/** A model's name as it is, or the folder of the one that comes with the package. */
export const modelPath = (name: string): string =>
  name === DEFAULT_MODEL || name === 'fovea-mini' ? join(packageRoot, 'models/fovea-mini') : name

function findManifest(): { folder: string; version: string } {
  for (const above of ['../', '../../']) {
    const url = new URL(`${above}package.json`, import.meta.url)
    try {
      const { name, version } = JSON.parse(readFileSync(url, 'utf8'))
      if (name === 'fovea') return { folder: fileURLToPath(new URL('.', url)), version }
    } catch {
      // one folder further up
    }
  }
  throw new Error('the package.json of fovea is missing; install it again')
}
