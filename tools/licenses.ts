/** The licences of the packages whose code a build holds, beside that code. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { Rolldown } from 'tsdown'

interface Manifest {
  readonly name: string
  readonly version: string
  readonly license: string
}

/** The folder of the package that a module belongs to, if it belongs to one. */
function packageOf(module: string): string | undefined {
  if (!module.includes('node_modules')) return undefined
  for (let folder = dirname(module); folder !== dirname(folder); folder = dirname(folder)) {
    const path = join(folder, 'package.json')
    // A package.json without a name only says how the files beside it are to be read.
    if (existsSync(path) && JSON.parse(readFileSync(path, 'utf8')).name) return folder
  }
  return undefined
}

/** One section: name, version and the text of the licence. Throws where the package carries no text. */
function licenseOf(folder: string): string {
  const { name, version, license }: Manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
  const file = readdirSync(folder).find((entry) => /^licen[cs]e/i.test(entry))
  if (!file) throw new Error(`${name} has no file with its licence, so its code cannot be shipped`)
  return `${name} ${version} (${license})\n\n${readFileSync(join(folder, file), 'utf8').trim()}\n`
}

/** Writes `licenses.txt` into the build. */
export function licenses(): Rolldown.Plugin {
  return {
    name: 'licenses',
    generateBundle(_options, bundle) {
      const modules = Object.values(bundle).flatMap((part) => (part.type === 'chunk' ? part.moduleIds : []))
      const folders = new Set(modules.flatMap((module) => packageOf(module) ?? []))
      const source = [...folders]
        .map(licenseOf)
        .sort()
        .join(`\n${'-'.repeat(80)}\n\n`)
      this.emitFile({ type: 'asset', fileName: 'licenses.txt', source })
    },
  }
}
