import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll } from 'vitest'

/** Gives the tests of a file a cache of their own; returns where it is. */
export function ownCache(): () => string {
  let folder = ''
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'fovea-cache-'))
    process.env.FOVEA_CACHE = folder
  })
  afterAll(() => {
    delete process.env.FOVEA_CACHE
    rmSync(folder, { recursive: true, force: true })
  })
  return () => folder
}
