/**
 * Writes the registries from the folders: `npx tsx tools/generate.ts [root] [--check]`.
 *
 * With `--check` nothing is written; a registry that is out of date is shown line by line and the exit code is 1.
 */
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { isEntry } from './entry.ts'
import { barrels, registries, renderBarrel, renderRegistry } from './registries.ts'

/** A registry file whose text is not what the folders say; `expected` is undefined when the file should not be. */
export interface Stale {
  output: string
  actual: string | undefined
  expected: string | undefined
}

function readIfPresent(path: string): string | undefined {
  return existsSync(path) ? readFileSync(path, 'utf8') : undefined
}

/** The registries under `root` that are out of date. */
export function findStale(root: string): Stale[] {
  const rendered = [
    ...registries.map((registry) => ({ output: registry.output, expected: renderRegistry(root, registry) })),
    ...barrels.map((barrel) => ({ output: barrel.output, expected: renderBarrel(root, barrel) })),
  ]
  return rendered
    .map(({ output, expected }) => ({ output, actual: readIfPresent(join(root, output)), expected }))
    .filter(({ actual, expected }) => actual !== expected)
}

/** Brings every registry under `root` up to date and returns the paths that changed. */
export function writeRegistries(root: string): string[] {
  return findStale(root).map(({ output, expected }) => {
    if (expected === undefined) rmSync(join(root, output))
    else writeFileSync(join(root, output), expected)
    return output
  })
}

/** The lines that only one of the two texts has, as a patch would mark them. */
function formatStale({ output, actual, expected }: Stale): string {
  const before = actual?.split('\n') ?? []
  const after = expected?.split('\n') ?? []
  return [
    `${output} is out of date; run npm run generate`,
    ...before.filter((line) => !after.includes(line)).map((line) => `- ${line}`),
    ...after.filter((line) => !before.includes(line)).map((line) => `+ ${line}`),
  ].join('\n')
}

if (isEntry(import.meta.url)) {
  const { values, positionals } = parseArgs({ allowPositionals: true, options: { check: { type: 'boolean' } } })
  const root = positionals[0] ?? '.'
  if (values.check) {
    const stale = findStale(root)
    for (const entry of stale) console.log(formatStale(entry))
    if (stale.length > 0) process.exitCode = 1
    else console.log('registries: up to date')
  } else {
    for (const output of writeRegistries(root)) console.log(`wrote ${output}`)
  }
}
