/** Results of papers, and the hashes of the code that they fit, in one file: a package carries neither sources nor folders of them. */
import { readdirSync, readFileSync } from 'node:fs'
import { basename } from 'node:path'
import { gzipSync } from 'node:zlib'
import type { Rolldown } from 'tsdown'
import { BUILT_PAPERS, type BuiltPapers } from '../src/papers/reports/built-papers.ts'
import { readPaperCode } from '../src/papers/reports/paper-code.ts'

/** Writes `papers.json.gz` into the build. */
export function builtPapers(): Rolldown.Plugin {
  return {
    name: 'built-papers',
    async generateBundle() {
      const built: BuiltPapers = { code: await readPaperCode('src/papers'), results: readResults('results') }
      this.emitFile({ type: 'asset', fileName: basename(BUILT_PAPERS), source: gzipSync(JSON.stringify(built)) })
    },
  }
}

function readResults(folder: string): BuiltPapers['results'] {
  const files = readdirSync(folder).filter((name) => name.endsWith('.json'))
  return Object.fromEntries(
    files.sort().map((name) => [basename(name, '.json'), JSON.parse(readFileSync(`${folder}/${name}`, 'utf8'))]),
  )
}
