import { readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'

const root = fileURLToPath(new URL('../..', import.meta.url))

/** What a module imports when it is loaded: neither types nor what it imports later. */
function importsOf(path: string): string[] {
  const statements = readFileSync(path, 'utf8').matchAll(
    /^(?:import|export) (?!type\b)(?:([^'";]*?) from )?'([^']+)'/gm,
  )
  return [...statements].flatMap(([, names = '', specifier]) => {
    const inBraces = /^\{([^}]*)\}$/s
      .exec(names.trim())?.[1]
      .split(',')
      .filter((name) => name.trim() !== '')
    return inBraces?.every((name) => /^\s*type\s/.test(name)) ? [] : specifier
  })
}

/** Every module and package that is loaded with some modules. */
function loadedWith(...starts: string[]): Set<string> {
  const found = new Set<string>()
  const open = starts.map((start) => join(root, start))
  for (let path = open.pop(); path !== undefined; path = open.pop()) {
    if (found.has(relative(root, path))) continue
    found.add(relative(root, path))
    for (const specifier of importsOf(path)) {
      if (specifier.startsWith('.')) open.push(join(dirname(path), specifier))
      else if (!specifier.startsWith('node:')) found.add(specifier)
    }
  }
  return found
}

it('starts to answer without what only other commands need', () => {
  const loaded = loadedWith('src/cli/main.ts', 'src/cli/commands/ask.ts')
  expect(loaded.size).toBeGreaterThan(100)
  const packages = [...loaded].filter((name) => !name.startsWith('src/')).sort()
  expect(packages).toEqual(['@huggingface/jinja', '@huggingface/tokenizers', 'commander', 'sharp', 'zod'])
  const rooms = /^src\/(?:papers|world|training|serve|evaluation\/(?:exam|groups|own))\//
  expect([...loaded].filter((name) => rooms.test(name))).toEqual([])
})

it('prints its help without a model', () => {
  expect(
    [...loadedWith('src/cli/main.ts')].filter((name) => /^src\/(?:models|pipeline|runtime|tensor)\//.test(name)),
  ).toEqual([])
})
