/** What a build writes down for packages, which have neither sources of papers nor a folder of results. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { packageRoot } from '../../hub/package-root.ts'

/** A file of a paper: the hash of its code, and the files of papers that it imports, at once or when it runs. */
export interface CodeFile {
  readonly hash: string
  readonly imports: readonly string[]
}

/** Files of papers by their paths below `src/papers`. */
export type PaperCode = Readonly<Record<string, CodeFile>>

/** Hashes of the code of papers by file, and results by id as they stand in `results/`. */
export interface BuiltPapers {
  readonly code: PaperCode
  readonly results: Readonly<Record<string, unknown>>
}

/** Where a build puts it, below the folder of the package; packed, as packages are to be small. */
export const BUILT_PAPERS = 'dist/papers.json.gz'

let built: Promise<BuiltPapers> | undefined

/** What the build wrote, read once; nothing where there is no build. */
export function readBuiltPapers(): Promise<BuiltPapers> {
  built ??= readFile(join(packageRoot, BUILT_PAPERS)).then(
    (packed) => JSON.parse(gunzipSync(packed).toString('utf8')),
    () => ({ code: {}, results: {} }),
  )
  return built
}
