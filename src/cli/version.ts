import { readFileSync } from 'node:fs'

/** The version in package.json, which lies above both `src/cli/` and `dist/`. */
export const version = readVersion()

function readVersion(): string {
  for (const path of ['../package.json', '../../package.json']) {
    try {
      const { name, version } = JSON.parse(readFileSync(new URL(path, import.meta.url), 'utf8'))
      if (name === 'fovea') return version
    } catch {
      // one folder further up
    }
  }
  return 'unknown'
}
