import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { findPaper } from '../../../src/papers/registry.ts'
import { changedSince, dependenciesOf, hashModel } from '../../../src/papers/reports/depends.ts'
import { readPaperCode } from '../../../src/papers/reports/paper-code.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'fovea-depends-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

describe('what a result depends on', () => {
  const fastv = findPaper('fastv')
  const change = (path: string, text: string) => writeFileSync(join(folder, path), text)

  it('is the file of the paper, the baselines and the model, and nothing of the house', async () => {
    const found = await dependenciesOf(fastv, { 'models/x': 'abc' })
    expect(Object.keys(found)).toEqual([
      'reducer/fastv.ts',
      'reducer/random.ts',
      'reducer/resize.ts',
      'default checks',
      'default run',
      'models/x',
    ])
    expect(await dependenciesOf(fastv, { 'models/x': 'abc' })).toEqual(found)
  })

  it('changes with a file of a paper, also one that it imports, and names it', async () => {
    cpSync('src/papers', folder, { recursive: true })
    const before = await dependenciesOf(fastv, {}, await readPaperCode(folder))
    expect(before).toEqual(await dependenciesOf(fastv, {}))
    change('paper.ts', '// other') // shared by all
    expect(changedSince(before, await dependenciesOf(fastv, {}, await readPaperCode(folder)))).toEqual([])
    change('reducer/fastv.ts', "import { rank } from '../compute/rank.ts'\n")
    change('compute/rank.ts', 'export const rank = 1\n')
    const after = await dependenciesOf(fastv, {}, await readPaperCode(folder))
    expect(changedSince(before, after)).toEqual(['reducer/fastv.ts', 'compute/rank.ts'])
    change('compute/rank.ts', 'export const rank = 2\n')
    expect(changedSince(after, await dependenciesOf(fastv, {}, await readPaperCode(folder)))).toEqual([
      'compute/rank.ts',
    ])
  })

  it('does not change with words about it', async () => {
    cpSync('src/papers', folder, { recursive: true })
    const path = 'reducer/fastv.ts'
    const text = readFileSync(join(folder, path), 'utf8')
    const before = await dependenciesOf(fastv, {}, await readPaperCode(folder))
    const reworded = text
      .replace(/ {2}summary:[\s\S]*? {2}equation:/, "  summary: 'other',\n  equation:")
      .replace(/ {2}differs: \[[\s\S]*?\n {2}\],\n/, '')
      .replace('/**\n', '/**\n * Other words.\n')
    expect(reworded.length).toBeLessThan(text.length - 400)
    change(path, reworded)
    expect(await dependenciesOf(fastv, {}, await readPaperCode(folder))).toEqual(before)
    change(path, reworded.replace('layer - 1', 'layer - 2'))
    expect(changedSince(before, await dependenciesOf(fastv, {}, await readPaperCode(folder)))).toEqual([path])
  })

  it('changes with the weights, not with the card or adapters', async () => {
    change('model.safetensors', 'one')
    const before = await hashModel(folder, 'm')
    change('README.md', 'a card')
    mkdirSync(join(folder, 'methods'))
    change('methods/a.safetensors', 'an adapter')
    expect(await hashModel(folder, 'm')).toEqual(before)
    change('model.safetensors', 'two')
    expect(changedSince(before, await hashModel(folder, 'm'))).toEqual(['m'])
  })

  it('names a model folder that is missing', async () => {
    await expect(hashModel(join(folder, 'none'))).rejects.toMatchObject({ code: 'model_missing', kind: 'input' })
  })
})
